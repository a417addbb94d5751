"""What `groundwire doctor` says about the Redis that processes share."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from groundwire_server.adapters.redis.options import RedisOptions
from groundwire_server.app.check_result import CheckState
from groundwire_server.app.redis_examination import examine_redis
from tests.redis_server import needs_redis, redis_server

AOF = ("--appendonly", "yes")


@needs_redis
@pytest.mark.process
@pytest.mark.parametrize(
    ("server", "accept_loss", "state", "advice"),
    [
        (AOF, False, CheckState.OK, ""),
        ((), False, CheckState.FAIL, "set `appendonly yes` in its configuration, or accept it with redis.accept_loss"),
        ((), True, CheckState.WARN, "set `appendonly yes` in its configuration"),
    ],
    ids=["kept", "forgotten", "accepted"],
)
def test_a_redis_that_would_forget_what_it_acknowledged_is_found(
    server: tuple[str, ...], accept_loss: bool, state: CheckState, advice: str
) -> None:
    with (
        TemporaryDirectory(prefix="redis-", dir="/tmp") as folder,  # short
        redis_server(Path(folder), *server, "--dir", folder) as url,
    ):
        options = RedisOptions(url=url, timeout_seconds=10, accept_loss=accept_loss)
        result = examine_redis(options)
    assert (result.check, result.state, result.advice) == ("redis", state, advice)


def test_a_redis_that_is_away_is_found(tmp_path: Path) -> None:
    result = examine_redis(RedisOptions(url=f"unix://{tmp_path}/redis.sock"))
    assert (result.state, result.message) == (CheckState.FAIL, "Redis cannot be asked")

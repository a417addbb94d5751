"""A Redis that forgets what it has acknowledged is refused, unless the configuration accepts it."""

from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from groundwire_server.adapters.redis.options import RedisOptions
from groundwire_server.app.parts.run_log import open_runs
from groundwire_server.corpus.erase import ProcessTexts
from groundwire_server.domain.failure import SetupError
from tests.redis_server import needs_redis, redis_server

AOF = ("--appendonly", "yes")


async def start(options: RedisOptions) -> None:
    async with open_runs(options, ProcessTexts()):
        pass


@pytest.mark.process
@needs_redis
@pytest.mark.parametrize(
    ("server", "accept_loss", "starts"), [((), False, False), ((), True, True), (AOF, False, True)]
)
async def test_a_redis_without_an_append_only_file_is_refused(
    server: tuple[str, ...], accept_loss: bool, starts: bool
) -> None:
    with (
        TemporaryDirectory(prefix="redis-", dir="/tmp") as folder,
        redis_server(Path(folder), *server, "--dir", folder) as url,
    ):
        options = RedisOptions(url=url, timeout_seconds=10, accept_loss=accept_loss)
        with nullcontext() if starts else pytest.raises(SetupError, match="set `appendonly yes` in its configuration"):
            await start(options)


async def test_a_redis_that_is_away_keeps_no_server_from_starting(tmp_path: Path) -> None:
    await start(RedisOptions(url=f"unix://{tmp_path}/redis.sock"))

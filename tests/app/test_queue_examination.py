"""What `groundwire doctor` says about the broker of wake-ups and about webhooks."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.queue_examination import examine_queue
from tests.redis_server import needs_redis, redis_server

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def examined(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> list[CheckResult]:
    file = folder / "groundwire.yaml"
    file.write_text(text)
    return list(examine_queue(load(Sources(file, dict(environment or {}))).configuration))


def test_a_server_that_works_its_queue_off_itself_needs_no_broker(tmp_path: Path) -> None:
    (result,) = examined(tmp_path, "queue: {concurrent: 2}\n")
    assert (result.check, result.state) == ("wake-ups", CheckState.OK)


def test_workers_without_a_broker_are_warned_about(tmp_path: Path) -> None:
    (result,) = examined(tmp_path, "queue: {concurrent: 0, poll_seconds: 3}\n")
    assert result.state is CheckState.WARN
    assert result.message.endswith("each 3 s")


@needs_redis
@pytest.mark.process
def test_a_broker_that_is_there_is_fine_and_one_that_is_away_is_a_warning(tmp_path: Path) -> None:
    with TemporaryDirectory(prefix="redis-", dir="/tmp") as folder:  # short
        text = f"redis: {{url: 'unix://{folder}/redis.sock'}}\n"
        with redis_server(Path(folder)):
            (there,) = examined(tmp_path, text)
        (away,) = examined(tmp_path, text)
    assert (there.state, there.message) == (CheckState.OK, "redis carries wake-ups")
    assert (away.state, away.message) == (CheckState.WARN, "redis: Redis cannot be reached")


@pytest.mark.parametrize(
    ("tenants", "state"), [("[acme]", CheckState.OK), ("[acme, demo]", CheckState.WARN)], ids=["all", "one without"]
)
def test_tenants_without_a_secret_are_named(
    tmp_path: Path, tenants: str, state: CheckState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME", SECRET)
    text = f"tenants: {tenants}\nqueue: {{webhooks: {{hosts: [h.example.com], secrets: {{acme: 'env://ACME'}}}}}}\n"
    _wakeups, webhooks = examined(tmp_path, text)
    assert (webhooks.check, webhooks.state) == ("webhooks", state)
    assert SECRET not in webhooks.message

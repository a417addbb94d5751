"""What a supervisor does with workers that serve, fail to start, end, hang and are replaced. Time is virtual."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from groundwire_server.app.configuration.load import Loaded
from groundwire_server.app.workers import supervisor as supervising
from groundwire_server.app.workers.process import WorkerFailedError
from groundwire_server.app.workers.supervisor import LAST_SECONDS, MOST_FAILURES, START_SECONDS, Supervisor
from tests.app.configuration.reading import loaded as read

SERVES = ""
HANGS = "hangs"
CRASHES = "crashes"
"""How a start goes; any other word is the error that the worker explains."""


@dataclass(eq=False)
class FakeWorker:
    """A worker whose start goes as it is told."""

    number: int
    loaded: Loaded
    how: str
    drains: float = 0.0
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.end: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def pid(self) -> int:
        return 1000 + self.number

    async def serving(self) -> None:
        if self.how == HANGS:
            await asyncio.Event().wait()
        if self.how == CRASHES:
            raise WorkerFailedError("was ended by signal 9 before it served", explained=False)
        if self.how != SERVES:
            raise WorkerFailedError(self.how, explained=True)

    async def ended(self) -> int:
        return await asyncio.shield(self.end)

    def retire(self) -> None:
        self._drain("retire")

    def stop(self) -> None:
        self._drain("stop")

    def kill(self) -> None:
        self.done.append("kill")
        self.ends(-9)

    def ends(self, code: int) -> None:
        if not self.end.done():
            self.end.set_result(code)

    def _drain(self, word: str) -> None:
        self.done.append(word)
        asyncio.get_running_loop().call_later(self.drains, self.ends, 0)


@dataclass
class Workers:
    """Starts workers as a script says, the rest so that they serve, and knows when each was started."""

    script: list[str] = field(default_factory=list)
    drains: float = 0.0
    started: list[FakeWorker] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    async def start(self, number: int, loaded: Loaded) -> FakeWorker:
        worker = FakeWorker(number, loaded, self.script.pop(0) if self.script else SERVES, self.drains)
        self.started.append(worker)
        self.times.append(asyncio.get_running_loop().time())
        return worker

    @property
    def numbers(self) -> Sequence[int]:
        return [worker.number for worker in self.started]


def _configured(folder: Path, workers: int, **changes: object) -> Loaded:
    found = read(folder)
    server = found.configuration.server.model_copy(update={"workers": workers, **changes})
    return replace(found, configuration=found.configuration.model_copy(update={"server": server}))


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    return _configured(tmp_path, 3)


def _supervisor(workers: Workers, loaded: Loaded, jitter: Callable[[], float] = lambda: 1.0) -> Supervisor:
    return Supervisor(workers.start, loaded, jitter)


async def test_the_first_worker_serves_before_the_others_start(loaded: Loaded) -> None:
    workers = Workers([HANGS])
    beginning = asyncio.create_task(_supervisor(workers, loaded).begin())
    await asyncio.sleep(START_SECONDS / 2)
    assert workers.numbers == [1]
    await asyncio.sleep(START_SECONDS)
    await beginning
    assert workers.numbers == [1, 1, 2, 3]
    assert workers.started[0].done == ["kill"]


async def test_an_error_that_a_worker_explains_ends_the_start_at_once(loaded: Loaded) -> None:
    workers = Workers(["the store is of another model"])
    with pytest.raises(WorkerFailedError, match="the store is of another model"):
        await _supervisor(workers, loaded).begin()
    assert workers.numbers == [1]


async def test_a_worker_that_crashes_as_it_starts_five_times_in_a_row_ends_the_server(loaded: Loaded) -> None:
    workers = Workers([CRASHES] * 10)
    with pytest.raises(WorkerFailedError, match="signal 9"):
        await _supervisor(workers, loaded).begin()
    assert workers.numbers == [1] * MOST_FAILURES


async def test_a_worker_that_ends_is_restarted_and_later_each_time(loaded: Loaded) -> None:
    workers = Workers()
    supervisor = _supervisor(workers, loaded)
    await supervisor.begin()
    keeping = asyncio.create_task(supervisor.keep())
    pauses = []
    for _ in range(12):
        ended = asyncio.get_running_loop().time()
        workers.started[-1].ends(-11)
        await asyncio.sleep(supervising.LONGEST_PAUSE_SECONDS + 1)
        pauses.append(workers.times[-1] - ended)
    assert pauses[:4] == pytest.approx([0.1, 0.2, 0.4, 0.8], abs=0.001)
    assert pauses[-1] == pytest.approx(supervising.LONGEST_PAUSE_SECONDS, abs=0.001)
    assert set(workers.numbers[3:]) == {workers.numbers[2]}

    await asyncio.sleep(supervising.STABLE_SECONDS)
    ended = asyncio.get_running_loop().time()
    workers.started[-1].ends(-11)
    await asyncio.sleep(1)
    assert workers.times[-1] - ended == pytest.approx(0.1, abs=0.001)
    keeping.cancel()


async def test_workers_that_end_together_come_back_one_after_the_other(loaded: Loaded) -> None:
    jitter = iter([0.0, 0.5, 1.0])
    workers = Workers()
    supervisor = _supervisor(workers, loaded, lambda: next(jitter))
    await supervisor.begin()
    keeping = asyncio.create_task(supervisor.keep())
    for worker in workers.started:
        worker.ends(-9)
    ended = asyncio.get_running_loop().time()
    await asyncio.sleep(1)
    assert [time - ended for time in workers.times[3:]] == pytest.approx([0.05, 0.075, 0.1], abs=0.001)
    keeping.cancel()


async def test_one_that_no_longer_starts_ends_the_server_with_its_error(loaded: Loaded) -> None:
    workers = Workers([SERVES] * 3 + ["the disk is full"] * MOST_FAILURES)
    supervisor = _supervisor(workers, loaded)
    await supervisor.begin()
    keeping = asyncio.create_task(supervisor.keep())
    await asyncio.sleep(0)
    workers.started[1].ends(1)
    with pytest.raises(WorkerFailedError, match="the disk is full"):
        await keeping
    assert workers.numbers[3:] == [2] * MOST_FAILURES


async def test_each_new_worker_serves_before_the_old_one_drains(loaded: Loaded, tmp_path: Path) -> None:
    workers = Workers(drains=2.0)
    supervisor = _supervisor(workers, loaded)
    await supervisor.begin()
    keeping = asyncio.create_task(supervisor.keep())
    new = _configured(tmp_path, 3, write_seconds=5.0)
    began = asyncio.get_running_loop().time()
    assert await supervisor.replace(new)
    old, fresh = workers.started[:3], workers.started[3:]
    assert [worker.number for worker in fresh] == [1, 2, 3]
    assert all(worker.loaded is new for worker in fresh)
    assert [worker.done for worker in old] == [["retire"]] * 3
    # One after the other: at most one worker more than there are.
    assert [time - began for time in workers.times[3:]] == pytest.approx([0.0, 2.0, 4.0], abs=0.01)
    await asyncio.sleep(60)
    assert len(workers.started) == 6
    assert not [worker for worker in fresh if worker.end.done()]
    assert supervisor.loaded is new
    keeping.cancel()


async def test_a_configuration_that_no_worker_can_serve_with_touches_none(
    loaded: Loaded, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    workers = Workers([SERVES] * 3 + ["no such model"])
    supervisor = _supervisor(workers, loaded)
    await supervisor.begin()
    assert not await supervisor.replace(_configured(tmp_path, 3, write_seconds=5.0))
    assert [worker.done for worker in workers.started[:3]] == [[]] * 3
    assert supervisor.loaded is loaded
    assert "no such model" in [record.__dict__.get("why") for record in caplog.records]


async def test_a_worker_that_ends_while_it_is_replaced_is_started_once(loaded: Loaded, tmp_path: Path) -> None:
    workers = Workers([SERVES] * 3 + [HANGS])
    supervisor = _supervisor(workers, loaded)
    await supervisor.begin()
    keeping = asyncio.create_task(supervisor.keep())
    replacing = asyncio.create_task(supervisor.replace(_configured(tmp_path, 3, write_seconds=5.0)))
    await asyncio.sleep(1)
    workers.started[0].ends(-9)
    await asyncio.sleep(START_SECONDS)
    assert not await replacing
    # The new configuration did not serve in time: the worker is restarted with the old one.
    await asyncio.sleep(1)
    assert workers.numbers == [1, 2, 3, 1, 1]
    assert workers.started[-1].loaded is loaded
    keeping.cancel()


async def test_all_drain_at_once_and_one_that_does_not_end_is_killed(
    loaded: Loaded, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    workers = Workers()
    supervisor = _supervisor(workers, loaded)
    await supervisor.begin()
    stuck = workers.started[1]
    stuck.drains = 1e6
    began = asyncio.get_running_loop().time()
    await supervisor.end()
    drain = loaded.configuration.server.drain
    took = asyncio.get_running_loop().time() - began
    assert took == pytest.approx(drain.notice_seconds + drain.grace_seconds + LAST_SECONDS, abs=0.01)
    assert [worker.done for worker in workers.started] == [["stop"], ["stop", "kill"], ["stop"]]


async def test_what_starts_when_the_server_ends_is_not_left_behind(loaded: Loaded) -> None:
    workers = Workers([SERVES, HANGS, SERVES])
    supervisor = _supervisor(workers, loaded)
    beginning = asyncio.create_task(supervisor.begin())
    await asyncio.sleep(1)
    beginning.cancel()
    await asyncio.wait([beginning])
    await supervisor.end()
    assert [worker.done for worker in workers.started] == [["stop"], ["kill"], ["stop"]]

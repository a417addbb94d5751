"""Runs under attack, over both logs: in one process, and in two that share a Redis.

`ours` begins the run; `theirs` is where the attacker's calls arrive: the same process, or another.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from groundwire_server.adapters.run_log.memory import MemoryRunLog
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.event import NumberedEvent, Numbering, Started, TextDelta
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import Inquiry, RunKey, RunRequest
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Assurance, Reason, StreamMode
from groundwire_server.ports.run_log import RunLog
from groundwire_server.ports.sink import Sink
from groundwire_server.runs.registry import RunRegistry, SharedAnswerer
from tests.doubles.clock import SetClock
from tests.doubles.policies import built_in_policy
from tests.doubles.run_logs import redis_log
from tests.doubles.workers import redis
from tests.redis_server import needs_redis
from tests.runs.test_registry import OUTCOME

PATIENCE = 30.0
ALICE = Caller("acme", "alice")
OTHERS = {"tenant": Caller("other", "alice"), "subject": Caller("acme", "bob")}
RUN = "request-1"
NOBODYS = "request-2"


class Recorded:
    """A log that remembers what was asked of it."""

    def __init__(self, log: Any) -> None:
        self.calls: list[str] = []
        self._log = log

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._log, name)
        if name == "shared":
            return value

        def call(*arguments: Any, **named: Any) -> Any:
            self.calls.append(name)
            return value(*arguments, **named)

        return call


@dataclass
class Side:
    """A process: its runs, and what was asked of its log."""

    runs: RunRegistry
    log: Recorded


@dataclass
class Writing:
    """Writes two events, waits until it may end, and ends; remembers how often it began."""

    ends: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0
    waits: asyncio.Event = field(default_factory=asyncio.Event)
    cut_off: int = 0

    async def answer(self, inquiry: Inquiry, sink: Sink | None) -> Outcome:
        self.begun += 1
        numbering = Numbering()
        try:
            if sink is not None:
                await sink.emit(numbering.next(Started(inquiry.run_key.request_id, "", "default", StreamMode.CHECKED)))
                await sink.emit(numbering.next(TextDelta("One.", Assurance.CHECKED)))
            self.waits.set()
            await self.ends.wait()
        except asyncio.CancelledError:
            self.cut_off += 1
            raise
        if sink is not None:
            await sink.emit(numbering.next(OUTCOME))
        return OUTCOME


class Reader:
    """Takes every event at once."""

    def __init__(self) -> None:
        self.read: list[NumberedEvent] = []

    async def emit(self, event: NumberedEvent) -> None:
        self.read.append(event)


class StuckReader:
    """Takes one event and never another."""

    def __init__(self) -> None:
        self.stuck = asyncio.Event()

    async def emit(self, event: NumberedEvent) -> None:
        self.stuck.set()
        await asyncio.Event().wait()


@asynccontextmanager
async def _alone() -> AsyncIterator[tuple[Side, Side]]:
    log = Recorded(MemoryRunLog(SetClock()))
    side = Side(RunRegistry(_as_log(log)), log)
    yield side, side


@asynccontextmanager
async def _beside() -> AsyncIterator[tuple[Side, Side]]:
    async with AsyncExitStack() as opened:
        url = await opened.enter_async_context(redis())
        sides = []
        for _ in range(2):
            registry: list[RunRegistry] = []

            async def cancel(fits: Callable[[RunKey], bool], own: list[RunRegistry] = registry) -> bool:
                return await own[0].cancel_here(fits)

            logging = await opened.enter_async_context(redis_log(url, cancel))
            log = Recorded(logging.log)
            registry.append(RunRegistry(_as_log(log)))
            sides.append(Side(registry[0], log))
        yield sides[0], sides[1]


def _as_log(log: Any) -> RunLog:
    made: RunLog = log
    return made


@pytest.fixture(
    params=[
        pytest.param(_alone, id="one-process"),
        pytest.param(_beside, id="two-processes", marks=[needs_redis, pytest.mark.process]),
    ]
)
async def sides(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Side, Side]]:
    async with asyncio.timeout(PATIENCE), request.param() as opened:
        yield opened


def _ask(
    side: Side,
    writing: Writing,
    sink: Sink | None,
    caller: Caller = ALICE,
    request_id: str = RUN,
    after: int | None = None,
) -> Awaitable[Outcome]:
    question = Question("default", "What is it?", request_id)
    request = RunRequest(b"the request", 60.0, after)
    now = asyncio.get_running_loop().time()
    return SharedAnswerer(writing, side.runs).answer(
        Inquiry(question, caller, built_in_policy(), now, NEVER, request), sink
    )


async def _guess(side: Side, attack: str, caller: Caller, request_id: str) -> tuple[object, list[str]]:
    """What an attacker learns of a request id: what comes back, and what was done for it."""
    side.log.calls.clear()
    try:
        if attack == "cancel":
            learned: object = await side.runs.cancel(RunKey(caller.tenant, caller.subject, request_id))
        else:
            learned = await _ask(side, Writing(), Reader(), caller, request_id, after=1)
    except Rejection as refused:
        own = refused.metadata == {"request_id": request_id}
        learned = (refused.reason, own, refused.retry_after, refused.violations)
    return learned, list(side.log.calls)


@pytest.mark.parametrize("ended", [False, True], ids=["in-flight", "ended"])
@pytest.mark.parametrize("attack", ["resume", "cancel"])
@pytest.mark.parametrize("caller", OTHERS.values(), ids=OTHERS)
async def test_a_guessed_request_id_of_another_is_as_if_there_were_none(
    sides: tuple[Side, Side], caller: Caller, attack: str, ended: bool
) -> None:
    ours, theirs = sides
    writing = Writing()
    running = asyncio.ensure_future(_ask(ours, writing, Reader()))
    await writing.waits.wait()
    if ended:
        writing.ends.set()
        await running

    guessed = await _guess(theirs, attack, caller, RUN)

    assert guessed == await _guess(theirs, attack, caller, NOBODYS)
    assert guessed[0] in (False, (Reason.RUN_NOT_FOUND, True, None, ()))
    writing.ends.set()
    assert await running == OUTCOME
    assert writing.cut_off == 0


@pytest.mark.parametrize("caller", OTHERS.values(), ids=OTHERS)
async def test_one_who_asks_under_the_id_of_another_has_a_run_of_their_own(
    sides: tuple[Side, Side], caller: Caller
) -> None:
    ours, theirs = sides
    victims, attackers = Writing(), Writing()
    running = asyncio.ensure_future(_ask(ours, victims, Reader()))
    await victims.waits.wait()
    attackers.ends.set()
    reader = Reader()

    assert await _ask(theirs, attackers, reader, caller) == OUTCOME

    assert (victims.begun, attackers.begun) == (1, 1)
    assert [event.sequence for event in reader.read] == [1, 2, 3]
    assert not running.done()
    victims.ends.set()
    await running


async def test_a_hundred_joins_cost_one_run(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    writing = Writing()
    readers = [Reader() for _ in range(101)]
    first = asyncio.ensure_future(_ask(ours, writing, readers[0]))
    await writing.waits.wait()
    joined = [asyncio.ensure_future(_ask(theirs, writing, reader)) for reader in readers[1:]]
    writing.ends.set()
    assert await asyncio.gather(first, *joined) == [OUTCOME] * 101
    assert writing.begun == 1
    assert {tuple(event.sequence for event in reader.read) for reader in readers} == {(1, 2, 3)}


async def test_a_run_whose_every_reader_is_stuck_ends_in_time(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    writing, stuck = Writing(), [StuckReader() for _ in range(20)]
    first = asyncio.ensure_future(_ask(ours, writing, stuck[0]))
    await writing.waits.wait()
    reading = [first, *(asyncio.ensure_future(_ask(theirs, writing, reader)) for reader in stuck[1:])]
    for reader in stuck:
        await reader.stuck.wait()
    writing.ends.set()
    # One that reads has all of it, while the others have taken one event.
    assert await _ask(theirs, writing, Reader()) == OUTCOME
    await ours.runs.ended()
    assert ours.runs.active == 0
    assert not [each for each in reading if each.done()]
    for each in reading:
        each.cancel()
    await asyncio.wait(reading)
    assert await _ask(theirs, writing, None) == OUTCOME
    assert writing.begun == 1


async def test_a_run_that_begins_as_another_of_its_name_fails_is_another_everywhere(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides

    @dataclass
    class Failing(Writing):
        async def answer(self, inquiry: Inquiry, sink: Sink | None) -> Outcome:
            await super().answer(inquiry, sink)
            raise Rejection(Reason.QUOTA_EXCEEDED)

    failing, second = Failing(), Writing()
    first = asyncio.ensure_future(_ask(ours, failing, Reader()))
    await failing.waits.wait()
    failing.ends.set()
    second.ends.set()
    with pytest.raises(Rejection) as failed:
        await first
    assert failed.value.reason is Reason.QUOTA_EXCEEDED
    assert await _ask(theirs, second, Reader()) == OUTCOME
    assert await _ask(ours, second, Reader()) == OUTCOME
    assert (failing.begun, second.begun) == (1, 1)

"""What every RunLog does."""

import asyncio

import pytest

from groundwire_server.adapters.run_log.memory import MemoryRunLog
from groundwire_server.domain.event import Event, Numbered, Retraction, TextDelta
from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.run import RunKey
from groundwire_server.domain.vocabulary import Assurance, Cause
from groundwire_server.ports.run_log import RunLog
from tests.doubles.time import LoopTime

KEY = RunKey("acme", "alice", "request-1")
OTHERS = [
    RunKey("other", "alice", "request-1"),
    RunKey("acme", "bob", "request-1"),
    RunKey("acme", "alice", "request-2"),
]


@pytest.fixture
def log() -> RunLog:
    return MemoryRunLog(LoopTime())


def _delta(text: str) -> Event:
    return TextDelta(text, Assurance.PROVISIONAL)


async def _read(log: RunLog, key: RunKey = KEY, after: int = 0) -> list[Numbered]:
    events = log.follow(key, after)
    assert events is not None
    return [numbered async for numbered in events]


async def test_events_are_numbered_in_order(log: RunLog) -> None:
    assert await log.open(KEY, b"asked") is None
    for text in "abc":
        await log.append(KEY, _delta(text))
    await log.close(KEY, 10.0)
    assert [(n.sequence, n.event) for n in await _read(log)] == [(1, _delta("a")), (2, _delta("b")), (3, _delta("c"))]
    assert [n.sequence for n in await _read(log, after=2)] == [3]
    assert await _read(log, after=3) == []


async def test_a_retraction_knows_what_it_takes_back(log: RunLog) -> None:
    await log.open(KEY, b"asked")
    for event in (_delta("a"), _delta("b"), Retraction(Cause.UNSUPPORTED), _delta("c"), Retraction(Cause.UNSUPPORTED)):
        await log.append(KEY, event)
    await log.close(KEY, 10.0)
    assert [n.first_retractable for n in await _read(log) if isinstance(n.event, Retraction)] == [1, 4]


async def test_those_who_follow_see_what_happens_as_it_happens(log: RunLog) -> None:
    await log.open(KEY, b"asked")
    followers = [asyncio.create_task(_read(log)) for _ in range(3)]
    for text in "abc":
        await asyncio.sleep(1.0)
        await log.append(KEY, _delta(text))
    followers.append(asyncio.create_task(_read(log, after=1)))
    await log.close(KEY, 10.0)
    *whole, late = await asyncio.gather(*followers)
    assert [[n.sequence for n in events] for events in whole] == [[1, 2, 3]] * 3
    assert [n.sequence for n in late] == [2, 3]


@pytest.mark.parametrize("other", OTHERS)
async def test_no_run_sees_anothers_events(log: RunLog, other: RunKey) -> None:
    await log.open(KEY, b"asked")
    await log.append(KEY, _delta("a"))
    assert log.follow(other, 0) is None
    assert await log.open(other, b"asked") is None
    await log.close(other, 10.0)
    assert await _read(log, other) == []


async def test_a_log_says_what_it_was_opened_for_until_it_is_forgotten(log: RunLog) -> None:
    await log.open(KEY, b"asked")
    assert await log.open(KEY, b"else") == b"asked"
    await log.close(KEY, 10.0)
    await asyncio.sleep(9.0)
    assert await log.open(KEY, b"else") == b"asked"
    await asyncio.sleep(2.0)
    assert log.follow(KEY, 0) is None
    assert await log.open(KEY, b"else") is None


async def test_the_oldest_that_have_ended_make_room_and_those_that_run_stay() -> None:
    log = MemoryRunLog(LoopTime(), most=5000)
    running, *ended = (RunKey("acme", "alice", f"request-{number}") for number in range(5))
    await log.open(running, b"asked")
    await log.append(running, Evidence((Passage("c1", "x" * 10_000),)))
    for key in ended:
        await log.open(key, b"asked")
        await log.append(key, _delta("x" * 2000))
        await log.close(key, 10.0)
    assert [log.follow(key, 0) is not None for key in (running, *ended)] == [True, False, False, True, True]

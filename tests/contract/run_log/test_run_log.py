"""What every RunLog does."""

import asyncio

import pytest

from groundwire_server.adapters.run_log.memory import MemoryRunLog
from groundwire_server.domain.event import Event, NumberedEvent, TextDelta
from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import RunKey, RunOrigin
from groundwire_server.domain.vocabulary import Assurance, Reason
from groundwire_server.ports.run_log import RunLog
from tests.contract.run_log.conftest import Logging
from tests.doubles.clock import SetClock

KEY = RunKey("acme", "alice", "request-1")
OTHERS = [
    RunKey("other", "alice", "request-1"),
    RunKey("acme", "bob", "request-1"),
    RunKey("acme", "alice", "request-2"),
]
REQUEST = RunOrigin(b"request", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
ANOTHER = RunOrigin(b"another")


@pytest.fixture
def log(logging: Logging) -> RunLog:
    return logging.log


def _delta(text: str) -> Event:
    return TextDelta(text, Assurance.PROVISIONAL)


async def _append(log: RunLog, *events: Event, key: RunKey = KEY, after: int = 0) -> None:
    """Append events, numbered from the one after `after`."""
    for sequence, event in enumerate(events, start=after + 1):
        await log.append(key, NumberedEvent(sequence, 0, event))


async def _read(log: RunLog, key: RunKey = KEY, after: int = 0) -> list[NumberedEvent]:
    events = await log.follow(key, after)
    assert events is not None
    return [numbered async for numbered in events]


async def test_events_are_kept_in_order(log: RunLog) -> None:
    assert await log.open(KEY, REQUEST) is None
    await _append(log, *map(_delta, "abc"))
    await log.close(KEY, 10.0)
    assert [(n.sequence, n.event) for n in await _read(log)] == [(1, _delta("a")), (2, _delta("b")), (3, _delta("c"))]
    assert [n.sequence for n in await _read(log, after=2)] == [3]
    assert await _read(log, after=3) == []
    assert await log.follow(KEY, 4) is None


async def test_those_who_follow_see_what_happens_as_it_happens(log: RunLog) -> None:
    await log.open(KEY, REQUEST)
    followers = [await log.follow(KEY, 0) for _ in range(3)]
    for number, text in enumerate("abc"):
        await _append(log, _delta(text), after=number)
        seen = [await anext(each) for each in followers if each is not None]
        assert [(n.sequence, n.event) for n in seen] == [(number + 1, _delta(text))] * 3
    late = await log.follow(KEY, 1)
    assert late is not None
    await log.close(KEY, 10.0)
    assert [[n.sequence async for n in each] for each in followers if each is not None] == [[]] * 3
    assert [n.sequence async for n in late] == [2, 3]


async def test_what_a_run_failed_with_is_raised_after_its_last_event(log: RunLog) -> None:
    await log.open(KEY, REQUEST)
    await _append(log, _delta("a"))
    events = await log.follow(KEY, 0)
    assert events is not None
    assert (await anext(events)).sequence == 1
    failed = Rejection(Reason.QUOTA_EXCEEDED, metadata={"quota": "requests_per_minute"}, retry_after=2.5)
    await log.close(KEY, 0.0, failed)
    with pytest.raises(Rejection) as caught:
        await anext(events)
    said = caught.value
    assert (said.reason, said.metadata, said.retry_after) == (failed.reason, failed.metadata, failed.retry_after)
    assert await log.open(KEY, ANOTHER) is None


async def test_two_who_open_a_name_at_once_have_one_run(log: RunLog) -> None:
    opened = await asyncio.gather(*(log.open(KEY, origin) for origin in (REQUEST, ANOTHER)))
    assert opened == [None, REQUEST]


@pytest.mark.parametrize("other", OTHERS)
async def test_no_run_sees_anothers_events(log: RunLog, other: RunKey) -> None:
    await log.open(KEY, REQUEST)
    await _append(log, _delta("a"))
    assert await log.follow(other, 0) is None
    assert await log.open(other, REQUEST) is None
    await log.close(other, 10.0)
    assert await _read(log, other) == []


async def test_a_log_says_what_it_was_opened_for_until_it_is_forgotten(logging: Logging) -> None:
    log = logging.log
    await log.open(KEY, REQUEST)
    assert await log.open(KEY, ANOTHER) == REQUEST
    await log.close(KEY, 10.0)
    await logging.pass_time(9.0)
    assert await log.open(KEY, ANOTHER) == REQUEST
    await logging.pass_time(2.0)
    assert await log.follow(KEY, 0) is None
    assert await log.open(KEY, ANOTHER) is None


async def test_the_oldest_that_have_ended_make_room_and_those_that_run_stay() -> None:
    log = MemoryRunLog(SetClock(), most=5000)
    running, *ended = (RunKey("acme", "alice", f"request-{number}") for number in range(5))
    await log.open(running, REQUEST)
    await _append(log, Evidence((Passage("c1", "x" * 10_000),)), key=running)
    for key in ended:
        await log.open(key, REQUEST)
        await _append(log, _delta("x" * 2000), key=key)
        await log.close(key, 10.0)
    assert [await log.follow(key, 0) is not None for key in (running, *ended)] == [True, False, False, True, True]


async def test_of_a_tenant_that_is_forgotten_no_run_is_left_and_of_others_all_are(log: RunLog) -> None:
    for key in (KEY, *OTHERS):
        await log.open(key, REQUEST)
        await _append(log, _delta(key.request_id), key=key)
        await log.close(key, 60.0)

    forgotten = await log.forget(KEY.tenant)
    again = await log.forget(KEY.tenant)

    assert (forgotten.count, forgotten.complete) == (3, True)
    assert (again.count, again.complete) == (0, True)
    for key in (KEY, *OTHERS):
        assert (await log.follow(key, 0) is None) is (key.tenant == KEY.tenant)
    assert await log.open(KEY, ANOTHER) is None


async def test_a_run_that_goes_on_when_its_tenant_is_forgotten_is_followed_and_not_kept(log: RunLog) -> None:
    await log.open(KEY, REQUEST)
    await _append(log, _delta("a"))
    events = await log.follow(KEY, 0)
    assert events is not None

    assert (await log.forget(KEY.tenant)).complete
    await _append(log, _delta("b"), after=1)
    await log.close(KEY, 60.0)

    assert [numbered.event async for numbered in events] == [_delta("a"), _delta("b")]
    assert await log.follow(KEY, 0) is None
    assert await log.open(KEY, ANOTHER) is None

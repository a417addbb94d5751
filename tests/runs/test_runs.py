import asyncio

import pytest

from groundwire_server.adapters.run_log.memory import MemoryRunLog
from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.event import Event, Numbered, Started, TextDelta
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.outcome import Answered, Outcome
from groundwire_server.domain.run import RunKey
from groundwire_server.domain.vocabulary import Action, Assurance, Cause, Confidence, NextStep, Reason, StreamMode
from groundwire_server.ports.sink import Sink
from groundwire_server.runs.runs import KEPT, Named, Runs
from tests.doubles.time import LoopTime

KEY = RunKey("acme", "alice", "request-1")
ASKED = Named(b"what is asked")
OUTCOME = Outcome(
    Answered(GroundedText("One. Two.", Confidence.HIGH, (), (), 1.0)),
    Cause.ANSWER_VALIDATED,
    Action.ANSWER,
    NextStep.SHOW,
)
EVENTS: list[Event] = [
    Started("request-1", "ab" * 16, "default", StreamMode.CHECKED),
    TextDelta("One.", Assurance.CHECKED),
    TextDelta(" Two.", Assurance.CHECKED),
]
SECOND = 1.0


class Writing:
    """Writes one event a second, then ends; remembers how often it began and whether it was cut off."""

    def __init__(self, raises: BaseException | None = None) -> None:
        self.begun = 0
        self.cut_off = 0
        self._raises = raises

    async def __call__(self, sink: Sink | None) -> Outcome:
        self.begun += 1
        try:
            for event in EVENTS:
                await asyncio.sleep(SECOND)
                if sink is not None:
                    await sink.emit(event)
            await asyncio.sleep(SECOND)
        except asyncio.CancelledError:
            self.cut_off += 1
            raise
        if self._raises is not None:
            raise self._raises
        return OUTCOME


class Reader:
    """Takes what a stream writes; leaves once it has `until` events."""

    def __init__(self, until: int | None = None) -> None:
        self.read: list[Numbered] = []
        self._until = until
        self.left = asyncio.Event()

    async def __call__(self, numbered: Numbered) -> None:
        self.read.append(numbered)
        if len(self.read) == self._until:
            self.left.set()
            await asyncio.Event().wait()

    @property
    def events(self) -> list[Event]:
        return [numbered.event for numbered in self.read]


def _runs() -> Runs:
    return Runs(MemoryRunLog(LoopTime()))


async def _leaves(runs: Runs, reader: Reader, writing: Writing, named: Named = ASKED) -> None:
    """One who reads some events and then loses the connection."""
    reading = asyncio.create_task(runs.stream(KEY, named, None, writing, reader))
    await reader.left.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_run_alone_returns_what_the_work_returns() -> None:
    assert await _runs().alone(KEY, Writing()(None)) is OUTCOME


async def test_cancelling_by_name_ends_the_work_and_rejects_the_call() -> None:
    runs, writing = _runs(), Writing()
    waiting = asyncio.create_task(runs.alone(KEY, writing(None)))
    await asyncio.sleep(SECOND / 2)
    assert runs.cancel(KEY)
    with pytest.raises(Rejection) as caught:
        await waiting
    assert caught.value.reason is Reason.CANCELLED
    assert writing.cut_off == 1
    assert not runs.cancel(KEY)


@pytest.mark.parametrize("key", [RunKey("other", "alice", "request-1"), RunKey("acme", "bob", "request-1")])
async def test_another_tenant_or_subject_cancels_nothing(key: RunKey) -> None:
    runs, writing = _runs(), Writing()
    waiting = asyncio.create_task(runs.alone(KEY, writing(None)))
    await asyncio.sleep(SECOND / 2)
    assert not runs.cancel(key)
    assert await waiting is OUTCOME


async def test_a_caller_that_leaves_alone_ends_the_work() -> None:
    runs, writing = _runs(), Writing()
    waiting = asyncio.create_task(runs.alone(KEY, writing(None)))
    await asyncio.sleep(SECOND / 2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert writing.cut_off == 1


async def test_a_hundred_who_ask_the_same_share_one_run() -> None:
    runs, writing = _runs(), Writing()
    outcomes = await asyncio.gather(*(runs.outcome(KEY, ASKED, writing) for _ in range(100)))
    assert outcomes == [OUTCOME] * 100
    assert writing.begun == 1


async def test_who_comes_later_reads_from_the_beginning() -> None:
    runs, writing, first, second = _runs(), Writing(), Reader(), Reader()
    one = asyncio.create_task(runs.stream(KEY, ASKED, None, writing, first))
    await asyncio.sleep(2.5 * SECOND)
    other = asyncio.create_task(runs.stream(KEY, ASKED, None, writing, second))
    assert await one == await other == OUTCOME
    assert first.events == second.events == [*EVENTS, OUTCOME]
    assert [numbered.sequence for numbered in second.read] == [1, 2, 3, 4]
    assert writing.begun == 1


async def test_one_who_wants_the_outcome_joins_a_stream_and_the_other_way_round() -> None:
    runs, writing, reader = _runs(), Writing(), Reader()
    streaming = asyncio.create_task(runs.stream(KEY, ASKED, None, writing, reader))
    await asyncio.sleep(SECOND)
    assert await runs.outcome(KEY, ASKED, writing) == await streaming == OUTCOME
    late = Reader()
    other = RunKey("acme", "alice", "request-2")
    waiting = asyncio.create_task(runs.outcome(other, ASKED, writing))
    await asyncio.sleep(SECOND)
    assert await runs.stream(other, ASKED, None, writing, late) == await waiting == OUTCOME
    assert "".join(event.text for event in late.events if isinstance(event, TextDelta)) == "One. Two."
    assert late.events[-1] is OUTCOME
    assert writing.begun == 2


async def test_an_answer_that_has_ended_is_had_again_for_a_while() -> None:
    runs, writing = _runs(), Writing()
    await runs.outcome(KEY, ASKED, writing)
    await asyncio.sleep(KEPT - SECOND)
    reader = Reader()
    assert await runs.outcome(KEY, ASKED, writing) == OUTCOME
    assert await runs.stream(KEY, ASKED, None, writing, reader) == OUTCOME
    assert writing.begun == 1
    await asyncio.sleep(2 * SECOND)
    await runs.outcome(KEY, ASKED, writing)
    assert writing.begun == 2


@pytest.mark.parametrize("ended", [False, True])
async def test_a_name_stands_for_what_was_asked_under_it(ended: bool) -> None:
    runs, writing = _runs(), Writing()
    waiting = asyncio.create_task(runs.outcome(KEY, ASKED, writing))
    await (waiting if ended else asyncio.sleep(SECOND))
    with pytest.raises(Rejection) as caught:
        await runs.outcome(KEY, Named(b"something else"), writing)
    assert caught.value.reason is Reason.REQUEST_ID_REUSED
    assert await waiting is OUTCOME


async def test_what_failed_is_told_to_all_and_not_kept() -> None:
    runs = _runs()
    failing = Writing(Rejection(Reason.ROUTE_UNKNOWN))
    calls = [runs.outcome(KEY, ASKED, failing), runs.stream(KEY, ASKED, None, failing, Reader())]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [result.reason for result in results if isinstance(result, Rejection)] == [Reason.ROUTE_UNKNOWN] * 2
    assert failing.begun == 1
    assert await runs.outcome(KEY, ASKED, Writing()) is OUTCOME


async def test_a_named_run_that_is_cancelled_ends_for_all_who_follow() -> None:
    runs, writing = _runs(), Writing()
    calls = [asyncio.create_task(runs.outcome(KEY, ASKED, writing)) for _ in range(3)]
    await asyncio.sleep(SECOND)
    assert runs.cancel(KEY)
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [result.reason for result in results if isinstance(result, Rejection)] == [Reason.CANCELLED] * 3
    assert writing.cut_off == 1


async def test_it_goes_on_until_the_last_follower_leaves() -> None:
    runs, writing = _runs(), Writing()
    first, second = (asyncio.create_task(runs.outcome(KEY, ASKED, writing)) for _ in range(2))
    await asyncio.sleep(SECOND)
    first.cancel()
    await asyncio.sleep(SECOND)
    still_there = not writing.cut_off
    assert still_there
    second.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert writing.cut_off == 1


@pytest.mark.parametrize("window", [0.0, 10.0])
async def test_one_who_leaves_at_once_leaves_nothing_behind(window: float) -> None:
    runs, writing = _runs(), Writing()
    call = asyncio.create_task(runs.stream(KEY, Named(b"asked", window), None, writing, Reader()))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.sleep(window + SECOND)
    assert await runs.outcome(KEY, Named(b"asked"), Writing()) == OUTCOME


@pytest.mark.parametrize("read", [1, 2, 3, 4])
async def test_a_connection_lost_after_any_event_is_resumed_after_it(read: int) -> None:
    runs, writing = _runs(), Writing()
    window = Named(b"what is asked", 3 * SECOND)
    before, after = Reader(until=read), Reader()
    await _leaves(runs, before, writing, window)
    await asyncio.sleep(2 * SECOND)
    await runs.stream(KEY, window, read, writing, after)
    assert before.events + after.events == [*EVENTS, OUTCOME]
    assert [numbered.sequence for numbered in before.read + after.read] == [1, 2, 3, 4]
    assert (writing.begun, writing.cut_off) == (1, 0)


async def test_a_run_that_nobody_follows_ends_with_its_window() -> None:
    runs, writing = _runs(), Writing()
    await _leaves(runs, Reader(until=1), writing, Named(b"asked", 1.5 * SECOND))
    await asyncio.sleep(1.25 * SECOND)
    still_there = not writing.cut_off
    assert still_there
    await asyncio.sleep(0.5 * SECOND)
    assert writing.cut_off == 1


async def test_without_a_window_a_lost_connection_ends_the_run_at_once() -> None:
    runs, writing = _runs(), Writing()
    await _leaves(runs, Reader(until=1), writing)
    await asyncio.sleep(0)
    assert writing.cut_off == 1


async def test_what_is_not_there_cannot_be_resumed() -> None:
    runs, writing = _runs(), Writing()
    with pytest.raises(Rejection) as caught:
        await runs.stream(KEY, ASKED, 2, writing, Reader())
    assert caught.value.reason is Reason.RUN_NOT_FOUND
    assert not writing.begun


async def test_the_end_of_the_server_ends_runs_that_nobody_follows() -> None:
    runs, writing = _runs(), Writing()
    await _leaves(runs, Reader(until=1), writing, Named(b"asked", 300.0))
    runs.end()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert writing.cut_off == 1

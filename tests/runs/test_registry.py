import asyncio
from dataclasses import replace

import pytest

from groundwire_server.adapters.run_log.memory import MemoryRunLog
from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.event import Event, NumberedEvent, Numbering, Started, TextDelta
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import Inquiry, RunKey, RunRequest
from groundwire_server.domain.outcome import Answered, Outcome
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Action, Assurance, Cause, Confidence, NextStep, Reason, StreamMode
from groundwire_server.ports.sink import Sink
from groundwire_server.runs.registry import KEPT, RunRegistry, SharedAnswerer
from tests.doubles.policies import built_in_policy
from tests.doubles.spans import Spans
from tests.doubles.time import LoopTime

KEY = RunKey("acme", "alice", "request-1")
NAMED = RunRequest(b"the request", 0.0)
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

    async def answer(self, inquiry: Inquiry, sink: Sink | None) -> Outcome:
        self.begun += 1
        numbering = Numbering()
        try:
            for event in EVENTS:
                await asyncio.sleep(SECOND)
                if sink is not None:
                    await sink.emit(numbering.next(event))
            await asyncio.sleep(SECOND)
        except asyncio.CancelledError:
            self.cut_off += 1
            raise
        if self._raises is not None:
            raise self._raises
        if sink is not None:
            await sink.emit(numbering.next(OUTCOME))
        return OUTCOME


class Reader:
    """Takes what a stream writes; leaves once it has `until` events."""

    def __init__(self, until: int | None = None) -> None:
        self.read: list[NumberedEvent] = []
        self._until = until
        self.left = asyncio.Event()

    async def emit(self, event: NumberedEvent) -> None:
        self.read.append(event)
        if len(self.read) == self._until:
            self.left.set()
            await asyncio.Event().wait()

    @property
    def events(self) -> list[Event]:
        return [numbered.event for numbered in self.read]


def _runs() -> RunRegistry:
    return RunRegistry(MemoryRunLog(LoopTime()))


async def _answer(
    runs: RunRegistry,
    writing: Writing,
    sink: Sink | None = None,
    run: RunRequest | None = NAMED,
    request_id: str = KEY.request_id,
) -> Outcome:
    """Ask as alice of acme does, under an id of her own or without one."""
    question = Question("default", "What is it?", request_id)
    now = asyncio.get_running_loop().time()
    inquiry = Inquiry(question, Caller(KEY.tenant, KEY.subject), built_in_policy(), now, NEVER, run)
    return await SharedAnswerer(writing, runs).answer(inquiry, sink)


async def _leaves(runs: RunRegistry, reader: Reader, writing: Writing, run: RunRequest = NAMED) -> None:
    """Read some events, and lose the connection then."""
    reading = asyncio.create_task(_answer(runs, writing, reader, run))
    await reader.left.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_run_alone_returns_what_the_work_returns() -> None:
    assert await _answer(_runs(), Writing(), run=None) is OUTCOME


async def test_cancelling_by_name_ends_the_work_and_rejects_the_call() -> None:
    runs, writing = _runs(), Writing()
    waiting = asyncio.create_task(_answer(runs, writing, run=None))
    await asyncio.sleep(SECOND / 2)
    assert await runs.cancel(KEY)
    with pytest.raises(Rejection) as caught:
        await waiting
    assert caught.value.reason is Reason.CANCELLED
    assert writing.cut_off == 1
    assert not await runs.cancel(KEY)


@pytest.mark.parametrize("key", [RunKey("other", "alice", "request-1"), RunKey("acme", "bob", "request-1")])
async def test_another_tenant_or_subject_cancels_nothing(key: RunKey) -> None:
    runs, writing = _runs(), Writing()
    waiting = asyncio.create_task(_answer(runs, writing, run=None))
    await asyncio.sleep(SECOND / 2)
    assert not await runs.cancel(key)
    assert await waiting is OUTCOME


async def test_a_caller_that_leaves_alone_ends_the_work() -> None:
    runs, writing = _runs(), Writing()
    waiting = asyncio.create_task(_answer(runs, writing, run=None))
    await asyncio.sleep(SECOND / 2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert writing.cut_off == 1


async def test_another_process_may_cancel_a_run_alone() -> None:
    runs, writing = _runs(), Writing()
    waiting = asyncio.create_task(_answer(runs, writing, run=None))
    await asyncio.sleep(SECOND / 2)
    assert not await runs.cancel_here(lambda key: key != KEY)
    assert await runs.cancel_here(lambda key: key == KEY)
    with pytest.raises(Rejection) as caught:
        await waiting
    assert (caught.value.reason, writing.cut_off) == (Reason.CANCELLED, 1)


async def test_a_caller_that_leaves_a_run_that_is_cancelled_has_left() -> None:
    runs, writing = _runs(), Writing()
    waiting = asyncio.create_task(_answer(runs, writing, run=None))
    await asyncio.sleep(SECOND / 2)
    assert await runs.cancel(KEY)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (writing.cut_off, runs.active) == (1, 0)


async def test_a_caller_goes_on_after_its_run_was_cancelled() -> None:
    """The cancellation ends with the run: what the caller awaits next is not interrupted."""
    runs = _runs()

    async def asks_twice() -> Outcome:
        with pytest.raises(Rejection):
            await _answer(runs, Writing(), run=None)
        return await _answer(runs, Writing(), run=None)

    asking = asyncio.create_task(asks_twice())
    await asyncio.sleep(SECOND / 2)
    assert await runs.cancel(KEY)
    assert await runs.cancel(KEY), "while it ends it can still be named"
    assert await asking is OUTCOME


async def test_a_hundred_who_ask_the_same_share_one_run() -> None:
    runs, writing = _runs(), Writing()
    outcomes = await asyncio.gather(*(_answer(runs, writing) for _ in range(100)))
    assert outcomes == [OUTCOME] * 100
    assert writing.begun == 1


async def test_who_comes_later_reads_from_the_beginning() -> None:
    runs, writing, first, second = _runs(), Writing(), Reader(), Reader()
    one = asyncio.create_task(_answer(runs, writing, first))
    await asyncio.sleep(2.5 * SECOND)
    other = asyncio.create_task(_answer(runs, writing, second))
    assert await one == await other == OUTCOME
    assert first.events == second.events == [*EVENTS, OUTCOME]
    assert [numbered.sequence for numbered in second.read] == [1, 2, 3, 4]
    assert writing.begun == 1


async def test_one_who_wants_the_outcome_joins_a_stream_and_the_other_way_round() -> None:
    runs, writing, reader = _runs(), Writing(), Reader()
    streaming = asyncio.create_task(_answer(runs, writing, reader))
    await asyncio.sleep(SECOND)
    assert await _answer(runs, writing) == await streaming == OUTCOME
    late = Reader()
    waiting = asyncio.create_task(_answer(runs, writing, request_id="request-2"))
    await asyncio.sleep(SECOND)
    assert await _answer(runs, writing, late, request_id="request-2") == await waiting == OUTCOME
    assert "".join(event.text for event in late.events if isinstance(event, TextDelta)) == "One. Two."
    assert late.events[-1] is OUTCOME
    assert writing.begun == 2


async def test_an_answer_that_has_ended_is_had_again_for_a_while() -> None:
    runs, writing = _runs(), Writing()
    await _answer(runs, writing)
    await asyncio.sleep(KEPT - SECOND)
    reader = Reader()
    assert await _answer(runs, writing) == OUTCOME
    assert await _answer(runs, writing, reader) == OUTCOME
    assert writing.begun == 1
    await asyncio.sleep(2 * SECOND)
    await _answer(runs, writing)
    assert writing.begun == 2


@pytest.mark.parametrize("ended", [False, True])
async def test_a_name_stands_for_what_was_asked_under_it(ended: bool) -> None:
    runs, writing = _runs(), Writing()
    waiting = asyncio.create_task(_answer(runs, writing))
    await (waiting if ended else asyncio.sleep(SECOND))
    with pytest.raises(Rejection) as caught:
        await _answer(runs, writing, run=RunRequest(b"something else"))
    assert caught.value.reason is Reason.REQUEST_ID_REUSED
    assert await waiting is OUTCOME


async def test_what_failed_is_told_to_all_and_not_kept() -> None:
    runs = _runs()
    failing = Writing(Rejection(Reason.ROUTE_UNKNOWN))
    calls = [_answer(runs, failing), _answer(runs, failing, Reader())]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [result.reason for result in results if isinstance(result, Rejection)] == [Reason.ROUTE_UNKNOWN] * 2
    assert failing.begun == 1
    assert await _answer(runs, Writing()) is OUTCOME


async def test_a_named_run_that_is_cancelled_ends_for_all_who_follow() -> None:
    runs, writing = _runs(), Writing()
    calls = [asyncio.create_task(_answer(runs, writing)) for _ in range(3)]
    await asyncio.sleep(SECOND)
    assert await runs.cancel(KEY)
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [result.reason for result in results if isinstance(result, Rejection)] == [Reason.CANCELLED] * 3
    assert writing.cut_off == 1


async def test_it_goes_on_until_the_last_follower_leaves() -> None:
    runs, writing = _runs(), Writing()
    first, second = (asyncio.create_task(_answer(runs, writing)) for _ in range(2))
    await asyncio.sleep(SECOND)
    first.cancel()
    await asyncio.sleep(SECOND)
    still_there = not writing.cut_off
    assert still_there
    second.cancel()
    await asyncio.sleep(SECOND / 2)
    assert writing.cut_off == 1


@pytest.mark.parametrize("window", [0.0, 10.0])
async def test_one_who_leaves_at_once_leaves_nothing_behind(window: float) -> None:
    runs, writing = _runs(), Writing()
    call = asyncio.create_task(_answer(runs, writing, Reader(), RunRequest(b"asked", window)))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.sleep(window + SECOND)
    assert await _answer(runs, Writing(), run=RunRequest(b"asked")) == OUTCOME


@pytest.mark.parametrize("read", [1, 2, 3, 4])
async def test_a_connection_lost_after_any_event_is_resumed_after_it(read: int) -> None:
    runs, writing = _runs(), Writing()
    window = replace(NAMED, resume_window=3 * SECOND)
    before, after = Reader(until=read), Reader()
    await _leaves(runs, before, writing, window)
    await asyncio.sleep(2 * SECOND)
    await _answer(runs, writing, after, replace(window, after_sequence=read))
    assert before.events + after.events == [*EVENTS, OUTCOME]
    assert [numbered.sequence for numbered in before.read + after.read] == [1, 2, 3, 4]
    assert (writing.begun, writing.cut_off) == (1, 0)


async def test_a_run_that_nobody_follows_ends_with_its_window() -> None:
    runs, writing = _runs(), Writing()
    await _leaves(runs, Reader(until=1), writing, RunRequest(b"asked", 1.5 * SECOND))
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
        await _answer(runs, writing, Reader(), replace(NAMED, after_sequence=2))
    assert caught.value.reason is Reason.RUN_NOT_FOUND
    assert not writing.begun


async def test_the_end_of_the_server_ends_runs_that_nobody_follows() -> None:
    runs, writing = _runs(), Writing()
    await _leaves(runs, Reader(until=1), writing, RunRequest(b"asked", 300.0))
    runs.end()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert writing.cut_off == 1


async def test_a_resumption_after_the_last_event_has_the_outcome_and_no_event() -> None:
    runs, writing, reader = _runs(), Writing(), Reader()
    await _answer(runs, writing, Reader())
    assert await _answer(runs, writing, reader, replace(NAMED, after_sequence=4)) == OUTCOME
    assert reader.events == []


@pytest.mark.parametrize("ended", [False, True])
async def test_a_run_cannot_be_resumed_after_an_event_that_it_has_not_had(ended: bool) -> None:
    runs, writing = _runs(), Writing()
    waiting = asyncio.create_task(_answer(runs, writing, Reader()))
    await (waiting if ended else asyncio.sleep(SECOND))
    with pytest.raises(Rejection) as caught:
        await _answer(runs, writing, Reader(), replace(NAMED, after_sequence=5))
    assert caught.value.reason is Reason.RUN_NOT_FOUND
    assert await waiting is OUTCOME


async def test_a_run_that_begins_while_a_failed_one_of_its_name_ends_is_another() -> None:
    again = Writing()
    failing = Writing(Rejection(Reason.ROUTE_UNKNOWN))
    joined: list[asyncio.Task[Outcome]] = []

    class EndsLate(MemoryRunLog):
        """Lets the next one in before the failed run's task is done."""

        async def close(self, key: RunKey, keep: float, ended: Rejection | None = None) -> None:
            await super().close(key, keep, ended)
            if not joined:
                joined.append(asyncio.create_task(_answer(runs, again)))
                await asyncio.sleep(0.5 * SECOND)

    runs = RunRegistry(EndsLate(LoopTime()))
    with pytest.raises(Rejection):
        await _answer(runs, failing)
    assert await runs.cancel(KEY)
    with pytest.raises(Rejection) as caught:
        await joined[0]
    assert caught.value.reason is Reason.CANCELLED
    assert again.cut_off == 1


async def test_a_run_that_is_cancelled_before_it_begins_leaves_its_name_free() -> None:
    runs, writing = _runs(), Writing()
    asking = asyncio.create_task(_answer(runs, writing, Reader()))
    cancelling = asyncio.create_task(runs.cancel(KEY))
    with pytest.raises(Rejection) as caught:
        await asking
    assert (await cancelling, caught.value.reason) == (True, Reason.CANCELLED)
    async with asyncio.timeout(10 * SECOND):
        assert await _answer(runs, writing) is OUTCOME


class CleansUp(Writing):
    """Takes a second to end once it is cancelled."""

    async def answer(self, inquiry: Inquiry, sink: Sink | None) -> Outcome:
        try:
            return await super().answer(inquiry, sink)
        finally:
            await asyncio.sleep(SECOND)


async def test_who_asks_while_a_run_that_was_left_ends_begins_another() -> None:
    runs, writing = _runs(), CleansUp()
    await _leaves(runs, Reader(until=1), writing)
    assert await _answer(runs, writing) is OUTCOME
    assert (writing.begun, writing.cut_off) == (2, 1)


async def test_a_run_that_was_left_and_ends_cannot_be_resumed() -> None:
    runs, writing = _runs(), CleansUp()
    await _leaves(runs, Reader(until=1), writing)
    with pytest.raises(Rejection) as caught:
        await _answer(runs, writing, Reader(), replace(NAMED, after_sequence=1))
    assert caught.value.reason is Reason.RUN_NOT_FOUND
    assert writing.begun == 1


async def test_the_routes_window_holds_where_the_caller_names_none() -> None:
    runs, writing = _runs(), Writing()
    leaving = asyncio.create_task(_answer(runs, writing, run=RunRequest(b"the request")))
    await asyncio.sleep(SECOND)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await _answer(runs, writing, run=RunRequest(b"the request")) == OUTCOME
    assert (writing.begun, writing.cut_off) == (1, 0)


async def test_calls_that_join_or_resume_a_run_link_to_the_call_that_began_it() -> None:
    spans, runs, writing = Spans(), _runs(), Writing()

    async def call(name: str, run: RunRequest = NAMED, request_id: str = KEY.request_id) -> None:
        with spans.tracer.start_as_current_span(name):
            await _answer(runs, writing, Reader(), run, request_id)

    begun = asyncio.create_task(call("begins"))
    await asyncio.sleep(SECOND)
    await asyncio.gather(call("joins"), call("another", request_id="request-2"))
    await begun
    await call("resumes", replace(NAMED, after_sequence=2))
    await call("has it again")
    links = {span.name: [link.context.span_id for link in span.links] for span in spans.finished}
    (begins,) = [span.context.span_id for span in spans.finished if span.name == "begins" and span.context is not None]
    assert links == {"begins": [], "another": [], "joins": [begins], "resumes": [begins], "has it again": [begins]}


async def test_without_spans_a_run_is_joined_all_the_same() -> None:
    runs, writing = _runs(), Writing()
    one, other = await asyncio.gather(_answer(runs, writing), _answer(runs, writing))
    assert one == other == OUTCOME
    assert writing.begun == 1

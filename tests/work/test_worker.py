"""A worker: what it takes up, for how long it holds it, and what it says of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import NoReturn

import pytest

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.operation import Bill
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.vocabulary import Cause, Priority, Reason
from groundwire_server.ports.operations import WORK, ended
from groundwire_server.telemetry import metrics, names
from groundwire_server.telemetry.trace_context import traceparent
from groundwire_server.work.execution import SPAN
from groundwire_server.work.worker import LAST_WORDS_SECONDS
from tests.doubles.operation_records import ScriptedRecords, claim
from tests.work.questions import ALICE, NOW, QUESTION, answered, failed_safe, in_review, passages_alone, queued
from tests.work.working import OPTIONS, WRITTEN, Work, Working, at_once, never

USED = Bill(13, 6, 9)
NOTHING = Bill()


def working(*claims: str, work: Work = at_once, **options: object) -> Working:
    records = ScriptedRecords(*(claim(each, queued()) for each in claims))
    return Working(records, [work], **options)  # type: ignore[arg-type]  # a test's own options


def gives(outcome: Outcome) -> Work:
    async def work(inquiry: Inquiry) -> Outcome:
        del inquiry
        return outcome

    return work


def raises(error: Exception) -> Work:
    async def work(inquiry: Inquiry) -> Outcome:
        del inquiry
        raise error

    return work


async def test_an_answer_is_recorded_with_its_bill_and_its_documents() -> None:
    place = working("a", work=gives(passages_alone(Cause.UNSUPPORTED)))
    async with place.working(1):
        pass
    assert place.records.said == [("complete", "a", WRITTEN, frozenset({"handbook"}))]
    assert place.records.bills == [USED]
    assert place.results == ["COMPLETED"]
    assert place.spans.counts.series(metrics.QUEUE_ATTEMPTS) == {("default", "COMPLETED"): 1}


async def test_a_question_is_asked_in_the_background_and_never_queued_again() -> None:
    place = working("a")
    async with place.working(1):
        pass
    (inquiry,) = place.inquiries
    assert inquiry.question == replace(QUESTION, allow_queue=False, mode=None, priority=Priority.BACKGROUND)
    assert inquiry.run is None


async def test_an_answer_that_a_person_looks_at_leaves_nothing_to_record() -> None:
    place = working("a", "b", work=gives(in_review()), concurrent=1)
    async with place.wakeups.subscribed(ended("a")) as woken, place.working(1):
        assert await woken.wait(1.0)
    # The claim is over, the place is free, and whoever follows the operation looks at it.
    assert (place.records.said, place.records.bills) == ([], [])
    assert place.results == ["IN_REVIEW", "IN_REVIEW"]
    assert [inquiry.claim and inquiry.claim.key.operation_id for inquiry in place.inquiries] == ["a", "b"]


async def test_an_evaluation_stays_one() -> None:
    work = queued(question=replace(QUESTION, priority=Priority.EVALUATION))
    place = Working(ScriptedRecords(claim("a", work)))
    async with place.working(1):
        pass
    assert place.inquiries[0].question.priority is Priority.EVALUATION


@pytest.mark.parametrize(("of_use", "seconds"), [(timedelta(hours=1), 60.0), (timedelta(seconds=7), 7.0)])
async def test_an_attempt_has_the_routes_longest_time_and_none_beyond_that_of_use(
    of_use: timedelta, seconds: float
) -> None:
    place = Working(ScriptedRecords(claim("a", queued(answer_by=NOW + of_use))))
    async with place.working(1):
        pass
    (inquiry,) = place.inquiries
    assert inquiry.deadline.at - inquiry.arrived == seconds


async def test_rights_are_looked_up_when_the_question_is_answered() -> None:
    place = Working(ScriptedRecords(claim("a", queued(rights_frozen=True))))
    place.rights = replace(ALICE, principals=frozenset())
    async with place.working(1):
        pass
    assert place.frozen == [True]
    assert place.inquiries[0].caller.principals == frozenset()
    assert place.recorded[0][0].caller.principals == frozenset()


@pytest.mark.parametrize(("then", "now"), [(True, False), (False, True)])
async def test_rights_are_frozen_only_where_the_route_did_so_then_and_does_so_now(*, then: bool, now: bool) -> None:
    place = Working(ScriptedRecords(claim("a", queued(rights_frozen=then))), route_freezes=now)
    async with place.working(1):
        pass
    assert place.frozen == [False]


async def test_withdrawn_rights_end_the_operation_unanswered() -> None:
    place = working("a", rights=None)
    async with place.working(1):
        pass
    assert place.records.said == [("refuse", "a", Reason.RIGHTS_WITHDRAWN)]
    assert place.records.bills == [NOTHING]
    assert not place.inquiries
    assert [(attempt.reason, result) for attempt, result in place.recorded] == [(Reason.RIGHTS_WITHDRAWN, "REFUSED")]


async def test_a_question_whose_time_is_over_is_not_answered() -> None:
    place = Working(ScriptedRecords(claim("a", queued(answer_by=NOW))))
    async with place.working(1):
        pass
    assert place.records.said == [("refuse", "a", Reason.OPERATION_EXPIRED)]
    assert not place.inquiries


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (gives(failed_safe(Cause.MODEL_UNAVAILABLE)), ("retry", "a", Cause.MODEL_UNAVAILABLE, 2.0)),
        (gives(failed_safe(Cause.BUDGET_EXHAUSTED, 3600.0)), ("release", "a", 3600.0)),
        (raises(Rejection(Reason.ROUTE_UNKNOWN)), ("refuse", "a", Reason.ROUTE_UNKNOWN)),
    ],
    ids=["passing", "money", "gone route"],
)
async def test_what_follows_an_attempt_is_recorded(work: Work, said: tuple[object, ...]) -> None:
    place = working("a", work=work)
    async with place.working(1):
        pass
    assert place.records.said[0] == said


async def test_a_defect_uses_up_an_attempt_and_no_worker(caplog: pytest.LogCaptureFixture) -> None:
    place = working("a", "b")
    place.work = [raises(ZeroDivisionError("private")), at_once]
    place.concurrent = 1
    async with place.working(1):
        pass
    assert place.records.said == [
        ("retry", "a", Cause.INTERNAL, 2.0),
        ("complete", "b", WRITTEN, frozenset()),
    ]
    assert [record.message for record in caplog.records] == ["an attempt at a queued question failed"]


async def test_a_full_server_is_waited_for_with_the_question_in_hand() -> None:
    place = working("a", "b", concurrent=1)
    overloaded = raises(Rejection(Reason.OVERLOADED, retry_after=3.0))
    place.work = [overloaded, overloaded, at_once]
    async with place.working(5.5):
        assert place.records.said == []
        assert len(place.inquiries) == 2
        assert len(place.records.waiting) == 1
        await asyncio.sleep(1)
    assert [method for method, *_ in place.records.said] == ["complete", "complete"]
    arrivals = [inquiry.arrived for inquiry in place.inquiries]
    assert [after - before for before, after in pairwise(arrivals)] == [3.0, 3.0, 0.0]


async def test_it_takes_up_no_more_than_it_has_room_for() -> None:
    place = working("a", "b", "c", work=never, concurrent=2)
    async with place.working(1):
        assert len(place.inquiries) == 2
        assert [each.key.operation_id for each in place.records.waiting] == ["c"]
        assert place.spans.counts.reading(metrics.QUEUE_RUNNING) == {(): 2}


async def test_a_wake_up_begins_work_at_once_and_a_lost_one_costs_a_poll() -> None:
    place = working()
    async with place.working(1):
        place.records.waiting.append(claim("a", queued()))
        await place.wakeups.notify(WORK)
        await asyncio.sleep(0.01)
        assert len(place.inquiries) == 1
        place.records.waiting.append(claim("b", queued()))
        await asyncio.sleep(OPTIONS.poll_seconds)
        assert len(place.inquiries) == 2


async def test_those_that_follow_an_operation_hear_when_it_begins_and_ends() -> None:
    place = working(work=never)
    place.work = [gives_after(10)]
    async with place.wakeups.subscribed(ended("a")) as followed, place.working(1):
        place.records.waiting.append(claim("a", queued()))
        await place.wakeups.notify(WORK)
        assert await followed.wait(1)
        assert not await followed.wait(8)
        assert await followed.wait(3)


def gives_after(seconds: float) -> Work:
    async def work(inquiry: Inquiry) -> Outcome:
        del inquiry
        await asyncio.sleep(seconds)
        return answered()

    return work


async def test_a_claim_is_renewed_for_as_long_as_the_work_lasts() -> None:
    place = working("a", work=gives_after(45))
    async with place.working(46):
        assert place.records.renewals == 4
        assert place.results == ["COMPLETED"]
        await asyncio.sleep(60)
        assert place.records.renewals == 4


async def test_work_ends_at_once_when_its_claim_holds_no_more() -> None:
    place = working("a", work=never)
    async with place.working(5):
        place.records.lost.add("a")
        await asyncio.sleep(OPTIONS.lease_seconds / 3)
        assert place.cut_off == 1
        assert place.results == ["LOST"]
        assert place.worker.running == 0
    assert place.records.said == []


async def test_an_outcome_that_another_has_overtaken_is_nobodys() -> None:
    place = working("a", work=gives_after(5))
    place.records.lost.add("a")
    async with place.working(6):
        pass
    assert (place.records.said, place.results) == ([], ["LOST"])


async def test_an_outcome_waits_for_records_that_are_away_and_is_not_written_twice() -> None:
    place = working("a")
    place.records.failing = {"complete": 3, "renew": -1}
    async with place.working(1 + 2 + 4 + 8):
        pass
    assert [method for method, *_ in place.records.said] == ["complete"]
    assert len(place.inquiries) == 1
    assert place.results == ["COMPLETED"]


async def test_records_that_are_away_are_reported_once_and_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    place = working("a")
    place.records.failing = {"claim": 3}
    async with place.working(4 * OPTIONS.poll_seconds):
        assert place.results == ["COMPLETED"]
    assert [record.message for record in caplog.records] == [
        "queued questions wait: the records cannot be asked",
        "queued questions are answered again",
    ]


async def test_a_defect_in_taking_a_question_up_costs_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    place = working("a", concurrent=1)
    monkeypatch.setattr(place.records, "claim", _defective)
    with pytest.raises(KeyError):
        await place.worker.work_off()
    monkeypatch.undo()
    async with place.working(1):
        assert place.results == ["COMPLETED"]


async def _defective(worker: str, lease: float) -> NoReturn:
    raise KeyError(worker, lease)


async def test_a_drain_waits_for_what_is_being_answered() -> None:
    place = working("a", "b", work=gives_after(10), concurrent=1)
    task = asyncio.create_task(place.worker.work_off())
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.wait([task])
    began = asyncio.get_running_loop().time()
    await place.worker.drain(30)
    assert asyncio.get_running_loop().time() - began == pytest.approx(9)
    assert place.results == ["COMPLETED"]
    assert [each.key.operation_id for each in place.records.waiting] == ["b"]


async def test_what_does_not_end_within_the_grace_is_given_back_with_its_bill() -> None:
    place = working("a", work=never)
    async with place.working(1):
        pass
    assert place.records.said == [("release", "a", 0.0)]
    assert place.records.bills == [USED]
    assert (place.cut_off, place.results) == (1, ["RELEASED"])


async def test_what_cannot_be_given_back_in_time_is_left_to_its_lease() -> None:
    place = working("a", work=never)
    place.records.failing = {"release": -1, "renew": -1}
    began = asyncio.get_running_loop().time()
    async with place.working(1):
        pass
    assert asyncio.get_running_loop().time() - began == pytest.approx(1 + LAST_WORDS_SECONDS)
    assert place.worker.running == 0


async def test_a_question_that_is_taken_up_while_the_worker_is_told_to_end_is_given_back() -> None:
    place = working("a")
    entered, goes_on = asyncio.Event(), asyncio.Event()
    take = place.records.claim

    async def slow(worker: str, lease: float) -> object:
        entered.set()
        await goes_on.wait()
        return await take(worker, lease)

    place.records.claim = slow  # type: ignore[method-assign, assignment]  # a slow one
    task = asyncio.create_task(place.worker.work_off())
    await entered.wait()
    task.cancel()
    await asyncio.sleep(0)
    goes_on.set()
    await asyncio.wait([task])
    assert task.cancelled()
    assert place.records.said == [("release", "a", 0.0)]
    assert not place.inquiries


async def test_an_attempt_has_a_trace_of_its_own_linked_to_the_call() -> None:
    place = working()
    with place.spans.tracer.start_as_current_span("call") as call:
        header = traceparent(call)
    place.records.waiting.append(claim("a", queued(traceparent=header), attempt=3))
    async with place.working(1):
        pass
    (span,) = [span for span in place.spans.finished if span.name == SPAN]
    assert [link.context.span_id for link in span.links] == [call.get_span_context().span_id]
    assert span.parent is None
    assert span.context is not None
    assert span.context.trace_id != call.get_span_context().trace_id
    assert place.spans.attributes(SPAN) == {
        names.OPERATION: "operations/a",
        names.OPERATION_ATTEMPT: 3,
        names.REQUEST_ID: "request-1",
        names.ROUTE: "default",
        names.TENANT: "acme",
        names.RESULT: "COMPLETED",
        names.OUTCOME: "Answered",
        names.CAUSE: "ANSWER_VALIDATED",
    }
    assert f"{span.context.trace_id:032x}" == place.recorded[0][0].trace_id
    assert QUESTION.text not in place.spans.everything()

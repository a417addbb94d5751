"""What is written down for a question that is answered later, and what its caller hears."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from groundwire_server.adapters.wakeups.memory import MemoryWakeups
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.inquiry import Inquiry, RunRequest
from groundwire_server.domain.operation import Operation, OperationKey, Webhook
from groundwire_server.domain.outcome import Queued
from groundwire_server.domain.vocabulary import Cause, Reason
from groundwire_server.options.secret import Secret
from groundwire_server.ports.operations import WORK, FingerprintError, QuestionTooLargeError, QueueFullError
from groundwire_server.telemetry import metrics
from groundwire_server.telemetry.trace_context import traceparent
from groundwire_server.work.accepting import AcceptedQuestions, new_id
from groundwire_server.work.options import QueueOptions
from groundwire_server.work.webhooks import WebhookOptions, Webhooks
from tests.doubles.operation_records import ScriptedRecords
from tests.doubles.policies import built_in_policy
from tests.doubles.spans import Spans
from tests.doubles.time import LoopTime
from tests.work.questions import ALICE, NOW, QUESTION

POLICY = replace(built_in_policy(), queue=True, cost_per_call=500)
WEBHOOK = Webhook("https://hooks.example/answers", include_answer=True)
WEBHOOKS = WebhookOptions(
    hosts=("hooks.example",), secrets={ALICE.tenant: Secret("env://SECRET", f"whsec_{'c2VjcmV0' * 4}")}
)
OPTIONS = QueueOptions(answer_within_seconds=600, max_answer_within_seconds=7200, max_waiting=50)


class Place:
    """A queue before scripted records."""

    def __init__(self) -> None:
        self.records, self.wakeups, self.spans = ScriptedRecords(), MemoryWakeups(), Spans()
        self.queue = AcceptedQuestions(
            self.records,
            self.wakeups,
            OPTIONS,
            lambda tenant: 3.0 if tenant == "acme" else 1.0,
            LoopTime(),
            self.spans.counts,
            lambda: "an-id",
            Webhooks(WEBHOOKS, lambda _: None, Random(1)),
        )

    def inquiry(self, seconds: float = 10.0, **policy: object) -> Inquiry:
        now = asyncio.get_running_loop().time()
        run = RunRequest(b"the request")
        return Inquiry(QUESTION, ALICE, replace(POLICY, **policy), now, Deadline(now + seconds), run)  # type: ignore[arg-type]


Accepting = Callable[[], Awaitable[Operation | None]]


def full(*, tenant: bool) -> Accepting:
    async def accepting() -> None:
        raise QueueFullError(tenant=tenant)

    return accepting


async def too_large() -> None:
    raise QuestionTooLargeError


async def reused() -> None:
    raise FingerprintError


async def silent() -> None:
    await asyncio.Event().wait()


async def test_everything_that_another_process_needs_is_written_down() -> None:
    place = Place()
    with place.spans.tracer.start_as_current_span("call") as span:
        operation = await place.queue.accept(place.inquiry(freeze_rights=True), 60.0, WEBHOOK)
    ((key, work, bounds),) = place.records.accepted
    assert key == operation.key == OperationKey("acme", "alice", "an-id")
    assert operation.name == "operations/an-id"
    assert work.question is QUESTION
    assert (work.caller, work.fingerprint, work.cause) == (ALICE, b"the request", None)
    assert (work.accepted, work.answer_by) == (NOW, NOW + timedelta(minutes=1))
    assert (work.rights_frozen, work.webhook, work.most_cost) == (True, WEBHOOK, 500)
    assert work.traceparent == traceparent(span)
    assert (bounds.waiting, bounds.waiting_per_tenant, bounds.weight) == (50, 50, 3.0)
    assert place.spans.counts.of(metrics.QUEUE_ACCEPTED, "default", "") == 1


async def test_what_a_call_leaves_open_is_the_servers() -> None:
    place = Place()
    inquiry = replace(place.inquiry(cost_per_call=None), run=None)
    await place.queue.accept(inquiry)
    ((_, work, _),) = place.records.accepted
    assert work.answer_by == NOW + timedelta(seconds=600)
    assert (work.most_cost, work.rights_frozen, work.webhook, work.traceparent) == (0, False, None, "")
    assert len(work.fingerprint) == 16


async def test_a_question_that_cannot_be_answered_now_waits_with_its_cause() -> None:
    place = Place()
    async with place.wakeups.subscribed(WORK) as woken:
        queued = await place.queue.submit(place.inquiry(), Cause.MODEL_RATE_LIMITED)
        assert await woken.wait(0)
    assert queued == Queued("operations/an-id", 0, 1.0)
    ((_, work, _),) = place.records.accepted
    assert work.cause is Cause.MODEL_RATE_LIMITED
    assert place.spans.counts.of(metrics.QUEUE_ACCEPTED, "default", "MODEL_RATE_LIMITED") == 1


async def test_a_caller_that_is_told_to_wait_asks_when_its_operation_says() -> None:
    place = Place()
    inquiry = place.inquiry()
    waits = [await place.queue.submit(inquiry, Cause.MODEL_RATE_LIMITED) for _ in range(3)]
    assert [(queued.position, queued.poll_after) for queued in waits] == [(0, 1.0), (1, 1.5), (2, 2.0)]


async def test_the_operation_that_there_is_counts_once_and_wakes_nobody() -> None:
    place = Place()
    first = await place.queue.accept(place.inquiry())

    async def there() -> Operation:
        return first

    place.records.accepting = there
    place.queue = replace(place.queue, draw_id=lambda: "another")
    async with place.wakeups.subscribed(WORK) as woken:
        assert await place.queue.accept(place.inquiry()) is first
        assert not await woken.wait(1)
    assert place.spans.counts.of(metrics.QUEUE_ACCEPTED) == 1


@pytest.mark.parametrize(
    "accepting", [full(tenant=True), full(tenant=False), too_large, reused], ids=["tenant", "all", "large", "reused"]
)
async def test_the_fallback_table_goes_on_where_a_question_is_not_accepted(accepting: Accepting) -> None:
    place = Place()
    place.records.accepting = accepting
    with pytest.raises(Failure) as caught:
        await place.queue.submit(place.inquiry(), Cause.BUDGET_EXHAUSTED)
    assert caught.value.cause is Cause.BUDGET_EXHAUSTED
    assert place.spans.counts.of(metrics.QUEUE_ACCEPTED) == 0


async def test_the_fallback_table_goes_on_where_the_records_are_away() -> None:
    place = Place()
    place.records.failing = {"accept": 1}
    with pytest.raises(Failure) as caught:
        await place.queue.submit(place.inquiry(), Cause.MODEL_RATE_LIMITED)
    assert caught.value.cause is Cause.MODEL_RATE_LIMITED


async def test_the_fallback_table_goes_on_where_the_records_take_longer_than_the_call_has() -> None:
    place = Place()
    place.records.accepting = silent
    began = asyncio.get_running_loop().time()
    with pytest.raises(Failure):
        await place.queue.submit(place.inquiry(3.0), Cause.MODEL_RATE_LIMITED)
    # The rest is kept for the outcome.
    assert asyncio.get_running_loop().time() - began == pytest.approx(2.85)


@pytest.mark.parametrize(
    ("accepting", "reason", "metadata"),
    [
        (full(tenant=True), Reason.QUEUE_FULL, {"scope": "tenant"}),
        (full(tenant=False), Reason.QUEUE_FULL, {"scope": "all"}),
        (too_large, Reason.INVALID_REQUEST, {}),
        (reused, Reason.REQUEST_ID_REUSED, {"request_id": "request-1"}),
    ],
    ids=["tenant", "all", "large", "reused"],
)
async def test_a_submission_that_is_not_accepted_is_refused(
    accepting: Accepting, reason: Reason, metadata: dict[str, str]
) -> None:
    place = Place()
    place.records.accepting = accepting
    with pytest.raises(Rejection) as caught:
        await place.queue.accept(place.inquiry())
    assert (caught.value.reason, caught.value.metadata) == (reason, metadata)
    assert (caught.value.retry_after is not None) == (reason is Reason.QUEUE_FULL)


async def test_a_submission_is_refused_while_the_records_are_away() -> None:
    place = Place()
    place.records.failing = {"accept": 1}
    with pytest.raises(Rejection) as caught:
        await place.queue.accept(place.inquiry())
    assert caught.value.reason is Reason.RECORDS_UNAVAILABLE
    assert caught.value.retry_after is not None


async def test_a_route_without_a_queue_accepts_nothing() -> None:
    place = Place()
    with pytest.raises(Rejection) as caught:
        await place.queue.accept(place.inquiry(queue=False))
    assert (caught.value.reason, caught.value.metadata) == (Reason.FEATURE_NOT_OFFERED, {"feature": "QUEUED_ANSWERS"})
    assert not place.records.accepted


def test_an_id_is_as_the_contract_has_it_and_never_the_same() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(each) == 32 and not set(each) - set("0123456789abcdef") for each in ids)


async def test_a_webhook_that_may_not_be_asked_for_is_refused_before_anything_is_written() -> None:
    place = Place()
    with pytest.raises(Rejection) as refused:
        await place.queue.accept(place.inquiry(), 60.0, Webhook("https://evil.example/"))
    assert refused.value.reason is Reason.INVALID_REQUEST
    with pytest.raises(Rejection) as not_offered:
        await replace(place.queue, webhooks=None).accept(place.inquiry(), 60.0, WEBHOOK)
    assert not_offered.value.reason is Reason.FEATURE_NOT_OFFERED
    assert not_offered.value.metadata == {"feature": "WEBHOOKS"}
    assert place.records.accepted == []

"""Questions that are answered later: accepted over gRPC, written down in SQLite, worked off within the server."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import grpc.aio
import pytest
from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import OperationsStub
from google.protobuf.duration_pb2 import Duration
from grpc_status import rpc_status

from groundwire.v1 import answer_service_pb2, document_pb2, operation_pb2, question_pb2
from groundwire.v1.answer_service_pb2 import AnswerResponse
from groundwire.v1.cause_pb2 import Cause as CauseNumber
from groundwire.v1.outcome_pb2 import Action as ActionNumber
from groundwire.v1.outcome_pb2 import NextStep as NextStepNumber
from groundwire_server.adapters.authentication.declared import DeclaredIdentity
from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.credentials import CredentialKind, Credentials
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.edge.access import Access
from groundwire_server.telemetry import metrics, names
from groundwire_server.work.execution import SPAN
from groundwire_server.work.history import HistoryEvent, HistoryReport, check_history
from groundwire_server.work.options import QueueOptions
from tests.doubles.generator import DONE, Move, ScriptedGenerator, Wait, draft
from tests.e2e.calls import ACME, SECONDS, answer, fields, info, ingest, question, stream
from tests.e2e.conftest import Product, Serve

PROMPT = QueueOptions(poll_seconds=0.02, backoff_seconds=0.05, max_backoff_seconds=0.05)
IDLE = PROMPT.model_copy(update={"concurrent": 0})
ANSWER: list[Move] = [*draft(("Lambda expressions create anonymous functions.", ["p1"])), DONE]
FULL = Failure(Cause.MODEL_RATE_LIMITED, retry_after=0.05)


class Renewing:
    """An authenticator that believes, until a test says what has become of the rights."""

    def __init__(self) -> None:
        self.now: Callable[[Caller], Caller] = lambda caller: caller

    async def authenticate(self, credentials: Credentials) -> Caller:
        return await DeclaredIdentity().authenticate(credentials)

    async def renew(self, caller: Caller, *, frozen: bool) -> Caller:
        del frozen
        return self.now(caller)


async def submit(product: Product, **fields: Any) -> operations_pb2.Operation:
    request = answer_service_pb2.SubmitAnswerRequest(question=fields.pop("asked", None) or question(), **fields)
    return await product.answers.SubmitAnswer(request, metadata=ACME, timeout=SECONDS)


async def wait(product: Product, name: str) -> operations_pb2.Operation:
    request = operations_pb2.WaitOperationRequest(name=name, timeout=Duration(seconds=int(SECONDS)))
    return await OperationsStub(product.channel).WaitOperation(request, metadata=ACME, timeout=2 * SECONDS)


def result(operation: operations_pb2.Operation) -> AnswerResponse:
    response = AnswerResponse()
    assert operation.response.Unpack(response), operation
    return response


def about(operation: operations_pb2.Operation) -> operation_pb2.AnswerOperationMetadata:
    metadata = operation_pb2.AnswerOperationMetadata()
    assert operation.metadata.Unpack(metadata)
    return metadata


async def history(product: Product, *promised: str) -> HistoryReport:
    assert product.queue is not None
    entries = await product.queue.records.history(0, 1000)
    return check_history(entries, [name.removeprefix("operations/") for name in promised])


def violated(error: grpc.aio.AioRpcError) -> list[str]:
    status = rpc_status.from_call(error)
    assert status is not None
    return list(fields(status))


async def filled(product: Product) -> None:
    await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))


async def test_a_submitted_question_is_answered_and_its_effect_and_bill_are_recorded_once(serve: Serve) -> None:
    async with serve(queue=PROMPT) as product:
        await filled(product)
        accepted = await submit(product)
        assert not accepted.done
        done = await wait(product, accepted.name)
        outcome = result(done).outcome
        assert outcome.answered.answer.text == "Lambda expressions create anonymous functions."
        assert about(done).attempts == 1
        report = await history(product, accepted.name)
        assert (report.faults, report.ends, report.lost_attempts) == ((), {HistoryEvent.EFFECT: 1}, 0)
        assert product.counts.of(metrics.QUEUE_ATTEMPTS, "default", "COMPLETED") == 1
        assert product.counts.of(metrics.QUEUE_ACCEPTED, "default", "") == 1
        assert product.counts.of(metrics.ANSWERS, "default", "Answered") == 1


async def test_a_call_that_finds_no_capacity_is_queued_and_answered_once_there_is_some(serve: Serve) -> None:
    generator = ScriptedGenerator([FULL], [FULL], ANSWER)
    async with serve(generator, queue=PROMPT) as product:
        await filled(product)
        outcome = await answer(product, question(allow_queue=True), request_id="request-1")
        assert outcome.WhichOneof("result") == "queued"
        assert outcome.cause == CauseNumber.CAUSE_MODEL_RATE_LIMITED
        assert outcome.action == ActionNumber.ACTION_QUEUE
        assert outcome.next_step == NextStepNumber.NEXT_STEP_WAIT_FOR_OPERATION
        done = await wait(product, outcome.queued.operation)
        assert result(done).outcome.answered.answer.text.startswith("Lambda")
        assert about(done).attempts == 2
        assert about(done).request_id == "request-1"
        assert about(done).cause == CauseNumber.CAUSE_MODEL_RATE_LIMITED
        assert not (await history(product, outcome.queued.operation)).faults
        assert len(generator.requests) == 3


async def test_a_stream_ends_with_where_its_question_waits(serve: Serve) -> None:
    async with serve(ScriptedGenerator([FULL]), queue=IDLE) as product:
        await filled(product)
        *before, last = await stream(product, question(allow_queue=True))
        assert last.outcome.queued.operation.startswith("operations/")
        assert {event.WhichOneof("event") for event in before} == {"started", "evidence"}


async def test_a_full_queue_leaves_the_rest_of_the_row(serve: Serve) -> None:
    options = IDLE.model_copy(update={"max_waiting_per_tenant": 1})
    async with serve(ScriptedGenerator([FULL]), queue=options) as product:
        await filled(product)
        first, second = [await answer(product, question(allow_queue=True)) for _ in range(2)]
        assert first.WhichOneof("result") == "queued"
        assert second.WhichOneof("result") == "degraded"
        assert second.action == ActionNumber.ACTION_PASSAGES_ONLY
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await submit(product)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert info(caught.value).reason == "QUEUE_FULL"


def without_queue(policy: Policy) -> Policy:
    return replace(policy, queue=False)


@pytest.mark.parametrize("options", [{}, {"queue": IDLE, "policy": without_queue}], ids=["server", "route"])
async def test_a_question_that_may_wait_is_refused_where_none_can(serve: Serve, options: dict[str, Any]) -> None:
    async with serve(**options) as product:
        for call in (answer, stream):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(product, question(allow_queue=True))
            assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
            assert dict(info(caught.value).metadata) == {"feature": "QUEUED_ANSWERS"}


def short(policy: Policy) -> Policy:
    return replace(policy, question_limit=20)


@pytest.mark.parametrize(
    ("asked", "code", "wrong"),
    [
        (question(" \u0007\n "), grpc.StatusCode.INVALID_ARGUMENT, ["question.text"]),
        (question("Who signs for parcels?"), grpc.StatusCode.INVALID_ARGUMENT, ["question.text"]),
        (question("Who?", search={"alpha": 0.5}), grpc.StatusCode.INVALID_ARGUMENT, ["question.search.alpha"]),
        (question("Who?", route="elsewhere"), grpc.StatusCode.NOT_FOUND, []),
    ],
    ids=["blank", "long", "alpha", "route"],
)
async def test_a_question_that_would_never_be_answered_is_refused_at_the_call_as_answer_refuses_it(
    serve: Serve, asked: question_pb2.Question, code: grpc.StatusCode, wrong: list[str]
) -> None:
    async with serve(queue=PROMPT, policy=short) as product:
        refusals = []
        for call in (answer(product, asked), submit(product, asked=asked)):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            refusals.append((caught.value.code(), info(caught.value), violated(caught.value)))
        assert refusals[0] == refusals[1]
        assert refusals[1][::2] == (code, wrong)
        assert (await history(product)).ends == {}


async def test_withdrawn_rights_end_a_queued_question_before_a_model_is_asked(serve: Serve) -> None:
    def revoked(caller: Caller) -> Caller:
        raise AccessDenied(DenialReason.API_KEY_REVOKED, about={"tenant": caller.tenant})

    rights = Renewing()
    rights.now = revoked
    access = Access({CredentialKind.DECLARED: rights})
    async with serve(access=access, queue=PROMPT) as product:
        await filled(product)
        done = await wait(product, (await submit(product)).name)
        assert done.error.code == grpc.StatusCode.PERMISSION_DENIED.value[0]
        assert not product.generator.requests
        report = await history(product)
        assert (report.faults, report.ends) == ((), {HistoryEvent.REFUSED: 1})


async def test_an_answer_draws_on_what_its_caller_may_see_when_it_is_written(serve: Serve) -> None:
    rights = Renewing()
    rights.now = lambda caller: replace(caller, principals=frozenset())
    access = Access({CredentialKind.DECLARED: rights})
    async with serve(access=access, queue=PROMPT) as product:
        text = "Lambda expressions create anonymous functions."
        await ingest(product, document_pb2.Document(document_id="lambdas", text=text, allowed_principals=["staff"]))
        assert (await answer(product)).WhichOneof("result") == "answered"
        done = await wait(product, (await submit(product)).name)
        assert result(done).outcome.WhichOneof("result") == "abstained"
        assert result(done).outcome.abstained.searched == 0


async def test_a_question_outlives_the_server_that_accepted_it(serve: Serve) -> None:
    async with serve(queue=IDLE) as product:
        await filled(product)
        accepted = await submit(product)
    async with serve(queue=PROMPT) as product:
        done = await wait(product, accepted.name)
        assert result(done).outcome.WhichOneof("result") == "answered"
        assert not (await history(product, accepted.name)).faults


async def test_what_a_server_is_at_when_it_ends_is_given_back_and_answered_by_the_next(serve: Serve) -> None:
    async with serve(ScriptedGenerator([Wait(3600)]), queue=PROMPT) as product:
        await filled(product)
        accepted = await submit(product)
        await product.generator.began.wait()
    assert product.generator.cancelled == 1
    async with serve(queue=PROMPT) as product:
        done = await wait(product, accepted.name)
        assert result(done).outcome.WhichOneof("result") == "answered"
        assert about(done).attempts == 2
        report = await history(product, accepted.name)
        assert (report.faults, report.lost_attempts) == ((), 0)


async def test_cancelling_ends_the_work_and_nothing_of_it_is_recorded(serve: Serve) -> None:
    options = PROMPT.model_copy(update={"lease_seconds": 0.3})
    async with serve(ScriptedGenerator([Wait(3600)]), queue=options) as product:
        await filled(product)
        accepted = await submit(product)
        await product.generator.began.wait()
        request = operations_pb2.CancelOperationRequest(name=accepted.name)
        await OperationsStub(product.channel).CancelOperation(request, metadata=ACME, timeout=SECONDS)
        await product.generator.ended.wait()
        assert product.generator.cancelled == 1
        report = await history(product, accepted.name)
        assert (report.faults, report.ends) == ((), {HistoryEvent.CANCELLED: 1})


async def test_an_attempt_is_traced_and_logged_as_a_call_is(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "groundwire.decisions")
    async with serve(queue=PROMPT) as product:
        await filled(product)
        accepted = await submit(product, request_id="request-1")
        await wait(product, accepted.name)
        await product.spans.ended(SPAN)
        (attempt,) = [span for span in product.spans.finished if span.name == SPAN]
        (call,) = [span for span in product.spans.finished if span.name.endswith("/SubmitAnswer")]
        assert [link.context.span_id for link in attempt.links] == [call.context.span_id]
        assert product.spans.attributes(SPAN)[names.OPERATION] == accepted.name
        assert "anonymous" not in str(product.spans.everything())
        (event,) = [record.__dict__ for record in caplog.records if record.__dict__.get("operation_result")]
        assert (event["method"], event["operation"]) == (SPAN, accepted.name)
        assert (event["operation_attempt"], event["operation_result"]) == (1, "COMPLETED")
        assert (event["tenant"], event["request_id"], event["outcome"]) == ("acme", "request-1", "Answered")
        assert event["usage"]

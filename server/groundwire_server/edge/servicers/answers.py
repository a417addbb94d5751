"""AnswerService."""

import asyncio
from hashlib import blake2b
from typing import Any, Final, TypeAlias

import grpc.aio
from google.longrunning import operations_pb2

from groundwire.v1 import answer_service_pb2
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceServicer
from groundwire_server.admission.admission import applicant
from groundwire_server.domain.admission import Work
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.inquiry import RunKey, RunRequest
from groundwire_server.domain.operation import Webhook
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.question import Question
from groundwire_server.edge.call import Call, current_call
from groundwire_server.edge.convert.operation import operation_to_pb
from groundwire_server.edge.convert.outcome import fill_outcome
from groundwire_server.edge.convert.question import (
    question_from_answer,
    question_from_stream,
    question_from_submission,
)
from groundwire_server.edge.sink import StreamSink
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.pipeline.normalize import admitted_question
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.sink import Sink
from groundwire_server.runs.registry import RunRegistry
from groundwire_server.telemetry import metrics

_Request: TypeAlias = (
    answer_service_pb2.AnswerRequest | answer_service_pb2.StreamAnswerRequest | answer_service_pb2.SubmitAnswerRequest
)

_INLINE_BYTES: Final = 65_536
"""The digest of a larger request, which takes up to 8 ms, is made in a thread."""


class Answers(AnswerServiceServicer):
    """Answers questions."""

    def __init__(self, current: CurrentSnapshot, runs: RunRegistry, recorder: Metrics) -> None:
        self._current = current
        self._runs = runs
        self._metrics = recorder
        self._streams = 0
        recorder.watch(metrics.STREAMS_ACTIVE, self, lambda answers: [((), answers._streams)])  # noqa: SLF001  # itself

    async def Answer(
        self, request: answer_service_pb2.AnswerRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> answer_service_pb2.AnswerResponse:
        """Return the outcome as one message."""
        call = current_call()
        question = question_from_answer(request, call.request_id)
        run = RunRequest(await _fingerprint(request, call.caller)) if request.request_id else None
        response = answer_service_pb2.AnswerResponse()
        fill_outcome(response.outcome, await self._answer(call, question, run, None))
        return response

    async def StreamAnswer(  # type: ignore[override]  # writes to the context; the stubs know generators only
        self,
        request: answer_service_pb2.StreamAnswerRequest,
        context: "grpc.aio.ServicerContext[Any, answer_service_pb2.StreamAnswerResponse]",
    ) -> None:
        """Write the outcome as it comes about."""
        call = current_call()
        question = question_from_stream(request, call.request_id)
        window = request.resume_window.ToNanoseconds() / 1e9
        after = request.after_sequence if request.HasField("after_sequence") else None
        run = None
        if request.request_id or window or after is not None:
            run = RunRequest(await _fingerprint(request, call.caller), window, after)
        stream = StreamSink(context, self._current.snapshot.write_seconds, after or 0, self._metrics)
        self._streams += 1
        try:
            async with stream as sink:
                await self._answer(call, question, run, sink)
        finally:
            self._streams -= 1
            # A call that is cancelled at its very end has an outcome all the same.
            call.outcome = call.outcome or stream.outcome

    async def SubmitAnswer(
        self, request: answer_service_pb2.SubmitAnswerRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> operations_pb2.Operation:
        """Accept a question for later."""
        # Read once: a configuration that comes into force meanwhile has other routes.
        snapshot, call = self._current.snapshot, current_call()
        queue = snapshot.queued_answers.queue
        question = question_from_submission(request, call.request_id)
        run = RunRequest(await _fingerprint(request, call.caller))
        arms = snapshot.routes.assigned(question, call.caller)
        inquiry = snapshot.routes.inquiry(question, call.caller, call.arrived, call.deadline, run, arms)
        within = request.answer_within.ToNanoseconds() / 1e9 if request.HasField("answer_within") else None
        webhook = request.webhook if request.HasField("webhook") else None
        told = None if webhook is None else Webhook(webhook.url, webhook.include_answer)
        # What Answer would refuse is refused now: later there is nobody who could put it right.
        inquiry = admitted_question(inquiry)
        async with snapshot.submissions.admitted(applicant(Work.ANSWER, inquiry)):
            return operation_to_pb(await queue.accept(inquiry, within, told))

    async def CancelAnswer(
        self, request: answer_service_pb2.CancelAnswerRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> answer_service_pb2.CancelAnswerResponse:
        """End an answer in flight."""
        caller = current_call().caller
        cancelled = await self._runs.cancel(RunKey(caller.tenant, caller.subject, request.request_id))
        return answer_service_pb2.CancelAnswerResponse(cancelled=cancelled)

    async def _answer(self, call: Call, question: Question, run: RunRequest | None, sink: Sink | None) -> Outcome:
        # Read once: a configuration that comes into force meanwhile has other routes.
        snapshot = self._current.snapshot
        arms = snapshot.routes.assigned(question, call.caller)
        inquiry = snapshot.routes.inquiry(question, call.caller, call.arrived, call.deadline, run, arms)
        call.mode = None if sink is None else inquiry.mode
        call.outcome = await snapshot.answerer.answer(inquiry, sink)
        return call.outcome


async def _fingerprint(request: _Request, caller: Caller) -> bytes:
    """Return a digest of what two requests under one id must share.

    That is the question, and the principals that it is asked with: a subject may have a credential that sees less than
    its others.
    """
    if request.ByteSize() <= _INLINE_BYTES:
        return _digest(request, caller)
    return await asyncio.to_thread(_digest, request, caller)


def _digest(request: _Request, caller: Caller) -> bytes:
    digest = blake2b(request.question.SerializeToString(deterministic=True), digest_size=16)
    digest.update(repr(sorted(caller.principals)).encode())
    return digest.digest()

"""AnswerService."""

from hashlib import blake2b
from typing import Any

import grpc.aio

from groundwire.v1 import answer_service_pb2
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceServicer
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.call import Call, current_call
from groundwire_server.edge.convert.ask import ask_from_answer, ask_from_stream
from groundwire_server.edge.convert.outcome import outcome_to_pb
from groundwire_server.edge.sink import StreamSink
from groundwire_server.pipeline.answering import Answering
from groundwire_server.pipeline.decide import describe
from groundwire_server.runs.in_flight import InFlight, RunKey
from groundwire_server.telemetry import names


class Answers(AnswerServiceServicer):
    """Answers questions."""

    def __init__(self, answering: Answering, in_flight: InFlight, write_seconds: float) -> None:
        self._answering = answering
        self._in_flight = in_flight
        self._write_seconds = write_seconds

    async def Answer(
        self, request: answer_service_pb2.AnswerRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> answer_service_pb2.AnswerResponse:
        """Return the outcome as one message."""
        call = current_call()
        ask = ask_from_answer(request, call.request_id)
        work = self._answering.answer(ask, call.caller, call.arrived, call.deadline, sink=None)
        outcome = await self._in_flight.run(_key(call, call.request_id), _asked(request), work)
        return answer_service_pb2.AnswerResponse(outcome=outcome_to_pb(_noted(call, outcome)))

    async def StreamAnswer(  # type: ignore[override]  # writes to the context; the stubs know generators only
        self,
        request: answer_service_pb2.StreamAnswerRequest,
        context: "grpc.aio.ServicerContext[Any, answer_service_pb2.StreamAnswerResponse]",
    ) -> None:
        """Write the outcome as it comes about."""
        call = current_call()
        _refuse_resumption(request)
        ask = ask_from_stream(request, call.request_id)
        sink = StreamSink(context, self._write_seconds)
        work = self._answering.answer(ask, call.caller, call.arrived, call.deadline, sink)
        outcome = await self._in_flight.run(_key(call, call.request_id), _asked(request), work)
        await sink.emit(_noted(call, outcome))

    async def CancelAnswer(
        self, request: answer_service_pb2.CancelAnswerRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> answer_service_pb2.CancelAnswerResponse:
        """End an answer in flight."""
        cancelled = self._in_flight.cancel(_key(current_call(), request.request_id))
        return answer_service_pb2.CancelAnswerResponse(cancelled=cancelled)


def _key(call: Call, request_id: str) -> RunKey:
    return RunKey(call.caller.tenant, call.caller.subject, request_id)


def _asked(request: answer_service_pb2.AnswerRequest | answer_service_pb2.StreamAnswerRequest) -> bytes:
    """What two requests under one id must share: the question. A digest, for it is kept while the answer is written."""
    if not request.request_id:
        return b""  # the id is the server's own
    return blake2b(request.question.SerializeToString(deterministic=True), digest_size=16).digest()


def _noted(call: Call, outcome: Outcome) -> Outcome:
    call.span.set_attributes({names.ROUTE: outcome.report.route, **describe(outcome)})
    return outcome


def _refuse_resumption(request: answer_service_pb2.StreamAnswerRequest) -> None:
    """Until runs outlive their call, a client that relies on it must hear that, and not lose its answer."""
    if request.resume_window.ToNanoseconds() > 0:
        raise Rejection(Reason.FEATURE_NOT_OFFERED, metadata={"feature": "resume_window"})
    if request.HasField("after_sequence"):
        raise Rejection(Reason.FEATURE_NOT_OFFERED, metadata={"feature": "after_sequence"})

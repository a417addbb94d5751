"""AnswerService."""

from functools import partial
from hashlib import blake2b
from typing import Any

import grpc.aio

from groundwire.v1 import answer_service_pb2
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceServicer
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.question import Question
from groundwire_server.domain.run import RunKey
from groundwire_server.edge.call import Call, current_call
from groundwire_server.edge.convert.outcome import outcome_to_pb
from groundwire_server.edge.convert.question import question_from_answer, question_from_stream
from groundwire_server.edge.sink import StreamSink
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.pipeline.decide import describe
from groundwire_server.runs.runs import Named, Runs, Work
from groundwire_server.telemetry import names


class Answers(AnswerServiceServicer):
    """Answers questions."""

    def __init__(self, current: CurrentSnapshot, runs: Runs) -> None:
        self._current = current
        self._runs = runs

    async def Answer(
        self, request: answer_service_pb2.AnswerRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> answer_service_pb2.AnswerResponse:
        """Return the outcome as one message."""
        call = current_call()
        key = _key(call, call.request_id)
        work = self._work(call, question_from_answer(request, call.request_id))
        if request.request_id:
            outcome = await self._runs.outcome(key, Named(_asked(request, call.caller)), work)
        else:
            outcome = await self._runs.alone(key, work(None))
        return answer_service_pb2.AnswerResponse(outcome=outcome_to_pb(_noted(call, outcome)))

    async def StreamAnswer(  # type: ignore[override]  # writes to the context; the stubs know generators only
        self,
        request: answer_service_pb2.StreamAnswerRequest,
        context: "grpc.aio.ServicerContext[Any, answer_service_pb2.StreamAnswerResponse]",
    ) -> None:
        """Write the outcome as it comes about."""
        call = current_call()
        key = _key(call, call.request_id)
        work = self._work(call, question_from_stream(request, call.request_id))
        sink = StreamSink(context, self._current.snapshot.write_seconds)
        window = request.resume_window.ToNanoseconds() / 1e9
        after = request.after_sequence if request.HasField("after_sequence") else None
        if request.request_id or window or after is not None:
            outcome = await self._runs.stream(key, Named(_asked(request, call.caller), window), after, work, sink.write)
            if outcome is not None:
                _noted(call, outcome)
        else:
            await sink.emit(_noted(call, await self._runs.alone(key, work(sink))))

    async def CancelAnswer(
        self, request: answer_service_pb2.CancelAnswerRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> answer_service_pb2.CancelAnswerResponse:
        """End an answer in flight."""
        cancelled = self._runs.cancel(_key(current_call(), request.request_id))
        return answer_service_pb2.CancelAnswerResponse(cancelled=cancelled)

    def _work(self, call: Call, ask: Question) -> Work:
        return partial(self._current.snapshot.answering.answer, ask, call.caller, call.arrived, call.deadline)


def _key(call: Call, request_id: str) -> RunKey:
    return RunKey(call.caller.tenant, call.caller.subject, request_id)


def _asked(request: answer_service_pb2.AnswerRequest | answer_service_pb2.StreamAnswerRequest, caller: Caller) -> bytes:
    """What two requests under one id must share, as a digest, for it is kept while the answer is written.

    The question, and what it is asked as: a subject may have a credential that sees less than its others.
    """
    digest = blake2b(request.question.SerializeToString(deterministic=True), digest_size=16)
    digest.update(repr(sorted(caller.principals)).encode())
    return digest.digest()


def _noted(call: Call, outcome: Outcome) -> Outcome:
    call.span.set_attributes({names.ROUTE: outcome.report.route, **describe(outcome)})
    return outcome

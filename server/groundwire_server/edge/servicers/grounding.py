"""GroundingService."""

from typing import Any

import grpc.aio

from groundwire.v1.grounding_service_pb2 import CheckGroundingRequest, CheckGroundingResponse
from groundwire.v1.grounding_service_pb2_grpc import GroundingServiceServicer
from groundwire_server.admission.admission import applicant
from groundwire_server.domain.admission import Work
from groundwire_server.domain.grounding import GroundedSentence
from groundwire_server.edge.call import current_call
from groundwire_server.edge.convert.grounding import sentence_to_pb, summary_to_pb
from groundwire_server.edge.convert.question import question_from_check
from groundwire_server.edge.sink import write_bounded
from groundwire_server.edge.snapshot import CurrentSnapshot


class Grounding(GroundingServiceServicer):
    """Checks texts of callers' own."""

    def __init__(self, current: CurrentSnapshot) -> None:
        self._current = current

    async def CheckGrounding(  # type: ignore[override]  # writes to the context; the stubs know generators only
        self,
        request: CheckGroundingRequest,
        context: "grpc.aio.ServicerContext[Any, CheckGroundingResponse]",
    ) -> None:
        """Write each sentence with its verdict, then the summary."""
        call = current_call()
        snapshot = self._current.snapshot
        question = question_from_check(request, call.request_id)
        inquiry = snapshot.routes.inquiry(question, call.caller, call.arrived, call.deadline)
        sink = _SentenceWriter(context, snapshot.write_seconds)
        async with snapshot.admission.admitted(applicant(Work.CHECK, inquiry)):
            call.grounding = await snapshot.grounding.check(request.text, inquiry, sink)
        summary = summary_to_pb(sink.written + 1, call.grounding)
        await write_bounded(context, summary, snapshot.write_seconds)


class _SentenceWriter:
    """Writes the sentences of a text, each within a bounded time.

    Attributes:
        written: how many have been.
    """

    def __init__(self, context: "grpc.aio.ServicerContext[Any, CheckGroundingResponse]", write_seconds: float) -> None:
        self._context = context
        self._write_seconds = write_seconds
        self.written = 0

    async def emit(self, sentence: GroundedSentence) -> None:
        """Write one sentence.

        Raises:
            SlowConsumerError: when it cannot be written in time, or the stream has ended.
        """
        self.written += 1
        await write_bounded(self._context, sentence_to_pb(self.written, sentence), self._write_seconds)

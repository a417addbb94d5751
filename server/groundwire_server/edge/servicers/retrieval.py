"""RetrievalService."""

from typing import Any

import grpc.aio

from groundwire.v1 import retrieval_service_pb2
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceServicer
from groundwire_server.admission.admission import applicant
from groundwire_server.domain.admission import Work
from groundwire_server.edge.call import current_call
from groundwire_server.edge.convert.flags import fill_flags
from groundwire_server.edge.convert.outcome import fill_stages
from groundwire_server.edge.convert.passage import fill_passages
from groundwire_server.edge.convert.question import question_from_retrieve
from groundwire_server.edge.snapshot import CurrentSnapshot


class Retrieval(RetrievalServiceServicer):
    """Finds passages."""

    def __init__(self, current: CurrentSnapshot) -> None:
        self._current = current

    async def Retrieve(
        self, request: retrieval_service_pb2.RetrieveRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> retrieval_service_pb2.RetrieveResponse:
        """Return passages, best first."""
        call = current_call()
        snapshot = self._current.snapshot
        question = question_from_retrieve(request, call.request_id)
        inquiry = snapshot.routes.inquiry(question, call.caller, call.arrived, call.deadline)
        async with snapshot.admission.admitted(applicant(Work.SEARCH, inquiry)):
            found = await snapshot.pipeline.search(inquiry)
        response = retrieval_service_pb2.RetrieveResponse(
            corpus_version=found.evidence.corpus_version,
            request_id=call.request_id,
            trace_id=call.trace_id,
            guards_unavailable=found.report.guards_unavailable,
        )
        fill_passages(response.passages, found.evidence.passages)
        fill_stages(response.stages, found.report.stages)
        fill_flags(response.flags, found.report.flags)
        return response

"""FeedbackService."""

from typing import Any

import grpc.aio

from groundwire.v1 import feedback_service_pb2
from groundwire.v1.feedback_service_pb2_grpc import FeedbackServiceServicer
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Feature
from groundwire_server.edge.blocked_content import BlockedContentLog
from groundwire_server.edge.call import current_call
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics


class Feedback(FeedbackServiceServicer):
    """Takes what callers say of outcomes."""

    def __init__(self, current: CurrentSnapshot, log: BlockedContentLog, recorder: Metrics) -> None:
        self._current = current
        self._log = log
        self._metrics = recorder

    async def SubmitFeedback(
        self, request: feedback_service_pb2.SubmitFeedbackRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> feedback_service_pb2.SubmitFeedbackResponse:
        """Keep what a caller says of an outcome."""
        raise Rejection.not_offered(Feature.FEEDBACK)

    async def ListFeedback(
        self, request: feedback_service_pb2.ListFeedbackRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> feedback_service_pb2.ListFeedbackResponse:
        """Return a page of feedback."""
        raise Rejection.not_offered(Feature.FEEDBACK)

    async def ExportCases(  # type: ignore[override]  # writes to the context; the stubs know generators only
        self,
        request: feedback_service_pb2.ExportCasesRequest,
        context: "grpc.aio.ServicerContext[Any, feedback_service_pb2.ExportCasesResponse]",
    ) -> None:
        """Write labelled cases."""
        raise Rejection.not_offered(Feature.FEEDBACK)

    async def AppealBlock(
        self, request: feedback_service_pb2.AppealBlockRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> feedback_service_pb2.AppealBlockResponse:
        """Log that something was blocked by mistake, and count it.

        Raises:
            Rejection: INVALID_REQUEST for a guard, or a category of one, that the caller's routes do not have.
        """
        caller = current_call().caller
        if (request.policy, request.category) not in self._current.snapshot.routes.guard_categories(caller):
            said = "must name a guard that looks for you on a route that you may use, with a category that it finds"
            raise Rejection.invalid("policy", said, "appeal.policy")
        self._metrics.add(metrics.BLOCKS_APPEALED, 1, request.policy, request.category)
        self._log.appeal(caller.tenant, request.policy, request.category, request.request_id, request.trace_id)
        return feedback_service_pb2.AppealBlockResponse()

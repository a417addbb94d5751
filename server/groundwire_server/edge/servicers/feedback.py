"""FeedbackService."""

from contextlib import aclosing
from typing import Any, Final

import grpc.aio

from groundwire.v1 import feedback_service_pb2
from groundwire.v1.feedback_service_pb2_grpc import FeedbackServiceServicer
from groundwire_server.domain.admission import Applicant, Work
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.case import Case
from groundwire_server.domain.experiments.experiment import Metric
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.feedback import AnswerFeedback
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.question import Question
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.blocked_content import BlockedContentLog
from groundwire_server.edge.call import Call, current_call
from groundwire_server.edge.convert.feedback import (
    feedback_from_pb,
    feedback_to_pb,
    labelled_to_pb,
    place_from_texts,
    place_to_texts,
)
from groundwire_server.edge.convert.times import time_of
from groundwire_server.edge.convert.words import LABEL_SOURCES_ASKED, RATINGS_GIVEN
from groundwire_server.edge.feedback import FeedbackCalls
from groundwire_server.edge.long_calls import LongCalls
from groundwire_server.edge.paging import PageTokens, page_size
from groundwire_server.edge.servicers.operations import still_allowed
from groundwire_server.edge.sink import write_bounded
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.feedback import FeedbackPlace, KeptFeedback
from groundwire_server.ports.metrics import Metrics
from groundwire_server.review.sampling import AppealedBlock
from groundwire_server.telemetry import metrics

_PAGE_BYTES: Final = 2 * 1024 * 1024
"""The largest page: half of the message that clients receive by default."""

_READ_AT_ONCE: Final = 25
"""Feedback that is read at once: with the longest texts, they are a page."""

_SUBMIT_SECONDS: Final = 10.0
"""How long feedback may wait for a limit."""

_RIGHTS_SECONDS: Final = 10.0
"""What asking the store may take for one case of an export."""


class Feedback(FeedbackServiceServicer):
    """Takes what callers say of outcomes, and gives it out."""

    def __init__(
        self,
        current: CurrentSnapshot,
        log: BlockedContentLog,
        recorder: Metrics,
        exports: LongCalls,
        clock: Clock,
    ) -> None:
        self._current = current
        self._log = log
        self._metrics = recorder
        self._exports = exports
        self._clock = clock

    async def SubmitFeedback(
        self, request: feedback_service_pb2.SubmitFeedbackRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> feedback_service_pb2.SubmitFeedbackResponse:
        """Keep what a caller says of an outcome.

        Raises:
            Rejection: ROUTE_UNKNOWN for a route that the caller may not use, and QUOTA_EXCEEDED.
        """
        call, snapshot = current_call(), self._current.snapshot
        calls, caller = snapshot.feedback_calls, call.caller
        if self._policy(caller, request.route) is None:
            raise Rejection(Reason.ROUTE_UNKNOWN, metadata={"route": request.route})
        feedback = feedback_from_pb(request, caller, self._clock.today())
        # What is said of requests that never were is kept too: a row of limits says how much of it may come.
        async with snapshot.submissions.admitted(self._applicant(call, request)):
            kept = await calls.records.put(feedback, calls.keep)
        if not kept.replaced:
            self._count(feedback.route, feedback.rating or "", feedback.faults, kept)
            self._count_to_arms(feedback, kept.case, caller)
        return feedback_service_pb2.SubmitFeedbackResponse(answer_kept=kept.case is not None)

    async def ListFeedback(
        self, request: feedback_service_pb2.ListFeedbackRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> feedback_service_pb2.ListFeedbackResponse:
        """Return a page of feedback, as much of it as one message holds."""
        calls, tenant = self._current.snapshot.feedback_calls, current_call().caller.tenant
        tokens = PageTokens("feedback", tenant, request.route, str(request.rating))
        last, size = tokens.read(request.page_token, place_from_texts), page_size(request.page_size)
        response, written, rating = feedback_service_pb2.ListFeedbackResponse(), 0, RATINGS_GIVEN.get(request.rating)
        while len(response.feedback) < size:
            wanted = min(_READ_AT_ONCE, size - len(response.feedback))
            found = await calls.records.page(tenant, request.route, rating, last, wanted)
            for place, feedback in found:
                message = feedback_to_pb(feedback)
                written += message.ByteSize()
                if response.feedback and written > _PAGE_BYTES:
                    return self._ended(response, tokens, last)
                response.feedback.append(message)
                last = place
            if len(found) < wanted:
                return response
        more = await calls.records.page(tenant, request.route, rating, last, 1)
        return self._ended(response, tokens, last) if more else response

    async def ExportCases(  # type: ignore[override]  # writes to the context; the stubs know generators only
        self,
        request: feedback_service_pb2.ExportCasesRequest,
        context: "grpc.aio.ServicerContext[Any, feedback_service_pb2.ExportCasesResponse]",
    ) -> None:
        """Write labelled cases, each once the one before it is taken."""
        call, snapshot = current_call(), self._current.snapshot
        calls, tenant = snapshot.feedback_calls, call.caller.tenant
        since = time_of(request.since, "since") if request.HasField("since") else None
        until = time_of(request.until, "until") if request.HasField("until") else None
        sources = {LABEL_SOURCES_ASKED[source] for source in request.sources}
        with self._exports.place(tenant):
            async with aclosing(calls.records.labelled(tenant, since, until, request.route)) as labels:
                async for label in labels:
                    if self._exports.ending:
                        raise Rejection(Reason.SHUTTING_DOWN)
                    if sources and label.source not in sources:
                        continue
                    # The stream may outlast the key, the token or the tenant that it was admitted with.
                    await still_allowed(call, self._current)
                    by = call.within(self._clock.now(), _RIGHTS_SECONDS)
                    evidence = await calls.rights.visible(call.caller, label.case, by)
                    response = feedback_service_pb2.ExportCasesResponse(labelled_case=labelled_to_pb(label, evidence))
                    await write_bounded(context, response, snapshot.write_seconds)

    async def AppealBlock(
        self, request: feedback_service_pb2.AppealBlockRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> feedback_service_pb2.AppealBlockResponse:
        """Log and count something that was blocked by mistake; send it for review where the route has appeals.

        Raises:
            Rejection: INVALID_REQUEST for a guard, or a category of one, that the caller's routes do not have.
        """
        caller = current_call().caller
        if (request.policy, request.category) not in self._current.snapshot.routes.guard_categories(caller):
            said = "must name a guard that looks for you on a route that you may use, with a category that it finds"
            raise Rejection.invalid("policy", said, "appeal.policy")
        # First what may fail: the caller then appeals again.
        await self._review_appeal(caller, request)
        self._metrics.add(metrics.BLOCKS_APPEALED, 1, request.policy, request.category)
        self._log.appeal(caller.tenant, request.policy, request.category, request.request_id, request.trace_id)
        return feedback_service_pb2.AppealBlockResponse()

    async def _review_appeal(self, caller: Caller, request: feedback_service_pb2.AppealBlockRequest) -> None:
        calls: FeedbackCalls | None = self._current.snapshot.feedback
        if calls is None:
            return
        appealed = AppealedBlock(
            caller.tenant, caller.subject, request.request_id, request.trace_id, request.policy, request.category
        )

        def policy_of(route: str) -> ReviewPolicy | None:
            policy = self._policy(caller, route)
            return None if policy is None else policy.review

        await calls.samples.appeal(appealed, policy_of)

    def _policy(self, caller: Caller, route: str) -> Policy | None:
        """Return the policy of a route; None where the caller may use none of this name."""
        policies = self._current.snapshot.routes.policies(caller)
        return next((policy for policy in policies if policy.route == route), None)

    def _applicant(self, call: Call, request: feedback_service_pb2.SubmitFeedbackRequest) -> Applicant:
        caller, now = call.caller, self._clock.now()
        requester = Requester(caller.tenant, caller.subject, request.end_user_id, request.route)
        return Applicant(Work.FEEDBACK, requester, now, call.within(now, _SUBMIT_SECONDS))

    def _count(self, route: str, rating: str, faults: tuple[str, ...], kept: KeptFeedback) -> None:
        draft = None if kept.case is None else kept.case.draft
        weakest = None if draft is None else draft.weakest_verdict
        model = "" if kept.case is None else kept.case.report.model
        self._metrics.add(metrics.FEEDBACK, 1, route, rating, weakest or "", model)
        for fault in faults:
            self._metrics.add(metrics.FEEDBACK_FAULTS, 1, route, fault)

    def _count_to_arms(self, feedback: AnswerFeedback, case: Case | None, caller: Caller) -> None:
        """Count feedback to the arms of its call: those of its case, or where none is kept, those of such a call."""
        snapshot, right = self._current.snapshot, feedback.right
        if right is None:
            return
        end_user = feedback.end_user_id or ("" if case is None else case.question.end_user_id)
        if case is not None:
            assignments = case.assignments
        else:
            question = Question(feedback.route, "", feedback.request_id, end_user_id=end_user)
            assignments = snapshot.routes.assigned(question, caller)
        requester = Requester(caller.tenant, caller.subject, end_user, feedback.route)
        values = {Metric.FEEDBACK: 1.0, Metric.NEGATIVE: 0.0 if right else 1.0}
        snapshot.feedback_calls.experiments.later(assignments, requester, values)

    def _ended(
        self, response: feedback_service_pb2.ListFeedbackResponse, tokens: PageTokens, last: FeedbackPlace | None
    ) -> feedback_service_pb2.ListFeedbackResponse:
        if last is not None:
            response.next_page_token = tokens.write(*place_to_texts(last))
        return response

"""A groundwire server whose answers wait for persons, by a script."""

# ruff: noqa: N802 - gRPC names methods like the contract does

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc
from google.rpc import code_pb2

from groundwire.v1 import audit_service_pb2 as audit
from groundwire.v1 import audit_service_pb2_grpc as audit_grpc
from groundwire.v1 import review_service_pb2 as reviews
from groundwire.v1 import review_service_pb2_grpc as reviews_grpc
from groundwire.v1 import server_info_service_pb2 as info
from groundwire.v1 import usage_service_pb2 as usage
from groundwire.v1 import usage_service_pb2_grpc as usage_grpc
from groundwire.v1.cause_pb2 import Cause
from groundwire.v1.event_pb2 import Heartbeat
from groundwire.v1.grounding_pb2 import Citation, Conflict, GroundedText, Sentence, Span, Verdict
from groundwire.v1.review_pb2 import Review, WithheldPassage
from groundwire.v1.server_info_pb2 import CallerInfo, ServerInfo
from groundwire.v1.usage_service_pb2 import UsageRow
from tests.doubles.service import Failure, FakeService, serving

TICKET = "7f3a09c2"

TAKEN = Failure(code_pb2.ABORTED, "Another reviewer holds the review.", "REVIEW_CLAIMED", retry_after=600)
DECIDED = Failure(code_pb2.FAILED_PRECONDITION, "The review was decided.", "REVIEW_DECIDED")
UNKNOWN = Failure(code_pb2.NOT_FOUND, "There is no such review.", "REVIEW_NOT_FOUND")
UNSUPPORTED = Failure(
    code_pb2.FAILED_PRECONDITION,
    "The text has sentences that the route does not let leave.",
    "REVIEW_TEXT_UNSUPPORTED",
)

DRAFT = "Parcels wait in the mail room. Anybody may sign for them."
WORDS = "Only the front desk may sign for them."


def span(text: str, part: str) -> Span:
    """Where a part stands in a text of ASCII."""
    begin = text.index(part)
    end = begin + len(part)
    return Span(
        start_byte=begin,
        end_byte=end,
        start_code_point=begin,
        end_code_point=end,
        start_utf16_unit=begin,
        end_utf16_unit=end,
    )


def drafted(text: str = DRAFT) -> GroundedText:
    """A draft of two sentences, whose second one its passage contradicts."""
    first, second = text.split(". ", 1)[0] + ".", text.split(". ", 1)[1]
    return GroundedText(
        text=text,
        citations=[
            Citation(chunk_id="c1", document_id="handbook", title="Handbook", quote=first, span=span(text, first)),
            Citation(chunk_id="c2", document_id="handbook", title="Handbook", quote=WORDS, span=span(text, second)),
        ],
        sentences=[
            Sentence(span=span(text, first), verdict=Verdict.VERDICT_VERBATIM, citation_indexes=[0]),
            Sentence(
                span=span(text, second),
                verdict=Verdict.VERDICT_CONTRADICTED,
                citation_indexes=[1],
                conflicts=[
                    Conflict(
                        kind=Conflict.KIND_QUANTIFIER,
                        span=span(text, second.split()[0]),
                        chunk_id="c2",
                        passage_words="Only the front desk",
                    )
                ],
            ),
        ],
    )


def waiting(ticket: str = TICKET, **others: Any) -> Review:
    """A review that nobody has claimed, as a list has it."""
    review = Review(
        ticket=ticket,
        state=Review.STATE_PENDING,
        kind=Review.KIND_APPROVAL,
        trigger=Review.TRIGGER_ALWAYS,
        route="compliance",
        cause=Cause.CAUSE_REVIEW_REQUIRED,
        operation=f"operations/{ticket}",
        request_id="order-4711",
        trace_id="ab" * 16,
        etag="1",
        draft_complete=True,
        **others,
    )
    review.question.text = "Who may sign for parcels?"
    review.create_time.FromJsonString("2026-11-27T15:00:00Z")
    review.expire_time.FromJsonString("2026-11-28T15:00:00Z")
    return review


def whole(review: Review) -> Review:
    """The same review with its draft and evidence."""
    full = Review()
    full.CopyFrom(review)
    full.proposed.CopyFrom(drafted())
    full.below_minimum.append(1)
    full.passages.add(chunk_id="c1", document_id="handbook", title="Handbook", text="Parcels wait in the mail room.")
    full.passages.add(chunk_id="c2", document_id="handbook", title="Handbook", text=f"{WORDS} Bring a badge.")
    full.withheld.append(WithheldPassage(chunk_id="withheld-3", rank=3))
    return full


class ReviewedService(FakeService):
    """Sends answers for review, and remembers what reviewers decide.

    Attributes:
        listed: the reviews, by their tickets, as lists have them.
        full: the same with their texts.
        failures: what a call of a method ends with.
        watched: what each watch sends in turn: reviews, heartbeats, and a failure that ends it.
        unsupported: texts that the passages do not support.
        rows: of usage, in pages of two.
        entries: of the audit trail.
        verification: what verifying it gives.
    """

    def __init__(self, *found: Review) -> None:
        super().__init__()
        self.listed: dict[str, Review] = {review.ticket: review for review in found or (waiting(),)}
        self.full: dict[str, Review] = {ticket: whole(review) for ticket, review in self.listed.items()}
        self.failures: dict[str, Failure] = {}
        self.watched: list[Sequence[Review | Heartbeat | Failure]] = []
        self.unsupported: set[str] = set()
        self.rows: Sequence[UsageRow] = ()
        self.entries: Sequence[audit.AuditEntry] = ()
        self.verification = audit.VerifyAuditResponse(intact=True)

    def GetServerInfo(self, request: info.GetServerInfoRequest, context: Any) -> info.GetServerInfoResponse:
        self._answer("GetServerInfo", request, context)
        return info.GetServerInfoResponse(server_info=ServerInfo(caller=CallerInfo(subject="ada")))

    def ListReviews(self, request: reviews.ListReviewsRequest, context: Any) -> reviews.ListReviewsResponse:
        self._answer("ListReviews", request, context)
        found = [
            review
            for review in self.listed.values()
            if (not request.filter.states or review.state in request.filter.states)
            and request.filter.reviewer in ("", review.reviewer)
        ]
        begin = int(request.page_token or 0)
        end = begin + request.page_size
        token = str(end) if end < len(found) else ""
        return reviews.ListReviewsResponse(reviews=found[begin:end], next_page_token=token, open=len(self.listed))

    def GetReview(self, request: reviews.GetReviewRequest, context: Any) -> reviews.GetReviewResponse:
        self._answer("GetReview", request, context)
        return reviews.GetReviewResponse(review=self._found(request.ticket, context))

    def ClaimReview(self, request: reviews.ClaimReviewRequest, context: Any) -> reviews.ClaimReviewResponse:
        self._answer("ClaimReview", request, context)
        review = self._changed(request.ticket, Review.STATE_CLAIMED, context)
        review.lease_expire_time.FromJsonString("2026-11-27T15:30:00Z")
        return reviews.ClaimReviewResponse(review=review)

    def ReleaseReview(self, request: reviews.ReleaseReviewRequest, context: Any) -> reviews.ReleaseReviewResponse:
        self._answer("ReleaseReview", request, context)
        return reviews.ReleaseReviewResponse(review=self._changed(request.ticket, Review.STATE_PENDING, context))

    def ApproveReview(self, request: reviews.ApproveReviewRequest, context: Any) -> reviews.ApproveReviewResponse:
        self._answer("ApproveReview", request, context)
        review = self._changed(request.ticket, Review.STATE_APPROVED, context)
        review.decided.CopyFrom(review.proposed)
        return reviews.ApproveReviewResponse(review=review)

    def EditReview(self, request: reviews.EditReviewRequest, context: Any) -> reviews.EditReviewResponse:
        self._answer("EditReview", request, context)
        below = request.text in self.unsupported
        if below and not request.validate_only and not request.accept_unsupported:
            self._fail(UNSUPPORTED, context)
        review = self._found(request.ticket, context)
        if not request.validate_only:
            review = self._changed(request.ticket, Review.STATE_EDITED, context)
        edited = Review()
        edited.CopyFrom(review)
        del edited.below_minimum[:]
        edited.decided.text = request.text
        verdict = Verdict.VERDICT_UNSUPPORTED if below else Verdict.VERDICT_VERBATIM
        edited.decided.sentences.add(span=span(request.text, request.text), verdict=verdict)
        if below:
            edited.below_minimum.append(0)
        return reviews.EditReviewResponse(review=edited)

    def RejectReview(self, request: reviews.RejectReviewRequest, context: Any) -> reviews.RejectReviewResponse:
        self._answer("RejectReview", request, context)
        return reviews.RejectReviewResponse(review=self._changed(request.ticket, Review.STATE_REJECTED, context))

    def WatchReviews(
        self, request: reviews.WatchReviewsRequest, context: Any
    ) -> Iterator[reviews.WatchReviewsResponse]:
        self._answer("WatchReviews", request, context)
        # A client may leave before the last of these is taken.
        context.add_callback(self.cancelled.set)
        for event in self.watched.pop(0):
            match event:
                case Failure():
                    self._fail(event, context)
                case Heartbeat():
                    yield reviews.WatchReviewsResponse(heartbeat=event)
                case Review():
                    yield reviews.WatchReviewsResponse(review=event)
        self._wait(context)

    def MeasureReviews(self, request: reviews.MeasureReviewsRequest, context: Any) -> reviews.MeasureReviewsResponse:
        self._answer("MeasureReviews", request, context)
        return reviews.MeasureReviewsResponse(rows=[reviews.SampleCounts(route="faq", sampled=9, decided=7, wrong=1)])

    def QueryUsage(self, request: usage.QueryUsageRequest, context: Any) -> usage.QueryUsageResponse:
        self._answer("QueryUsage", request, context)
        begin = int(request.page_token or 0)
        token = str(begin + 2) if begin + 2 < len(self.rows) else ""
        return usage.QueryUsageResponse(rows=self.rows[begin : begin + 2], next_page_token=token)

    def ListAuditEntries(self, request: audit.ListAuditEntriesRequest, context: Any) -> audit.ListAuditEntriesResponse:
        self._answer("ListAuditEntries", request, context)
        after = int(request.page_token or request.after_sequence)
        found = [
            entry
            for entry in self.entries
            if entry.sequence > after and (not request.target or entry.target == request.target)
        ]
        page = found[: request.page_size]
        token = str(page[-1].sequence) if len(page) < len(found) else ""
        return audit.ListAuditEntriesResponse(entries=page, next_page_token=token)

    def VerifyAudit(self, request: audit.VerifyAuditRequest, context: Any) -> audit.VerifyAuditResponse:
        self._answer("VerifyAudit", request, context)
        return self.verification

    def add_to(self, server: grpc.Server) -> None:
        """Add the services that only this server has."""
        service: Any = self
        reviews_grpc.add_ReviewServiceServicer_to_server(service, server)
        usage_grpc.add_UsageServiceServicer_to_server(service, server)
        audit_grpc.add_AuditServiceServicer_to_server(service, server)

    def _answer(self, method: str, request: Any, context: Any) -> None:
        self._remember(method, request, context)
        if method in self.failures:
            self._fail(self.failures[method], context)

    def _found(self, ticket: str, context: Any) -> Review:
        if ticket not in self.full:
            self._fail(UNKNOWN, context)
        return self.full[ticket]

    def _changed(self, ticket: str, state: "Review.State.ValueType", context: Any) -> Review:
        full = self._found(ticket, context)
        for review in (full, self.listed[ticket]):
            review.state = state
            review.reviewer = "" if state == Review.STATE_PENDING else "ada"
            review.etag = str(int(review.etag) + 1)
        return full


@contextmanager
def serving_reviewed(service: ReviewedService) -> Iterator[str]:
    """Serve on a free port of this machine and give its address."""
    with serving(service, also=service.add_to) as address:
        yield address

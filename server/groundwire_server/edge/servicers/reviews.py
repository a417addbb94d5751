"""ReviewService."""

from typing import Any, Final

import grpc.aio

from groundwire.v1 import review_pb2, review_service_pb2
from groundwire.v1.event_pb2 import Heartbeat
from groundwire.v1.review_service_pb2_grpc import ReviewServiceServicer
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.review import ReviewDecision
from groundwire_server.domain.vocabulary import Feature, Reason
from groundwire_server.edge.call import Call, current_call
from groundwire_server.edge.convert.review import (
    counts_to_pb,
    listed_to_pb,
    place_from_texts,
    place_of,
    place_to_texts,
    remarks_of,
    review_to_pb,
    selection_from_pb,
)
from groundwire_server.edge.convert.times import time_of
from groundwire_server.edge.following import POLL_SECONDS
from groundwire_server.edge.paging import PageTokens, page_size
from groundwire_server.edge.reviews import ReviewCalls, ReviewWatching
from groundwire_server.edge.servicers.operations import still_allowed
from groundwire_server.edge.sink import HEARTBEAT_SECONDS, write_bounded
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.clock import Clock
from groundwire_server.review.deciding import DecisionRequest
from groundwire_server.review.edits import Edit, Remarks
from groundwire_server.review.watch import ReviewWatch

COUNTED_MOST: Final = 100_000
"""Open reviews that are counted at most."""

_CALL_SECONDS: Final = 30.0
"""How long a call may take that sets no deadline: an edit is checked by models."""

_LEASE_SECONDS: Final = 900.0
"""How long a claim holds that names no time."""


class Reviews(ReviewServiceServicer):
    """Lets reviewers decide which answers leave."""

    def __init__(self, current: CurrentSnapshot, watching: ReviewWatching, clock: Clock) -> None:
        self._current = current
        self._watching = watching
        self._clock = clock

    async def ListReviews(
        self, request: review_service_pb2.ListReviewsRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> review_service_pb2.ListReviewsResponse:
        """Return a page of reviews, without drafts and evidence."""
        records, tenant = self._calls.records, current_call().caller.tenant
        newest = request.order == review_pb2.REVIEW_ORDER_NEWEST
        tokens = PageTokens("reviews", tenant, request.filter, str(newest))
        after, size = tokens.read(request.page_token, place_from_texts), page_size(request.page_size)
        found = await records.page(tenant, selection_from_pb(request.filter), after, size + 1, newest=newest)
        page, following = tokens.cut(found, size, lambda listed: place_to_texts(place_of(listed.review)))
        return review_service_pb2.ListReviewsResponse(
            reviews=map(listed_to_pb, page),
            next_page_token=following,
            open=await records.count_open(tenant, COUNTED_MOST),
        )

    async def GetReview(
        self, request: review_service_pb2.GetReviewRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> review_service_pb2.GetReviewResponse:
        """Return one review with its texts."""
        call = current_call()
        shown = await self._calls.reading.shown(call.caller, request.ticket, self._by(call))
        return review_service_pb2.GetReviewResponse(review=review_to_pb(shown))

    async def ClaimReview(
        self, request: review_service_pb2.ClaimReviewRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> review_service_pb2.ClaimReviewResponse:
        """Reserve a review for the caller."""
        call = current_call()
        lease = request.lease.ToNanoseconds() / 1e9 if request.HasField("lease") else _LEASE_SECONDS
        shown = await self._calls.decisions.claim(call.caller, request.ticket, lease, self._by(call))
        return review_service_pb2.ClaimReviewResponse(review=review_to_pb(shown))

    async def ReleaseReview(
        self, request: review_service_pb2.ReleaseReviewRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> review_service_pb2.ReleaseReviewResponse:
        """Give the caller's claim back."""
        call = current_call()
        shown = await self._calls.decisions.release(call.caller, request.ticket, self._by(call))
        return review_service_pb2.ReleaseReviewResponse(review=review_to_pb(shown))

    async def ApproveReview(
        self, request: review_service_pb2.ApproveReviewRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> review_service_pb2.ApproveReviewResponse:
        """Let the answer leave as it was proposed."""
        call = current_call()
        asked = DecisionRequest(request.ticket, ReviewDecision.APPROVED, Remarks(request.note), request.etag)
        shown = await self._calls.decisions.decide(call.caller, asked, self._by(call))
        return review_service_pb2.ApproveReviewResponse(review=review_to_pb(shown))

    async def EditReview(
        self, request: review_service_pb2.EditReviewRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> review_service_pb2.EditReviewResponse:
        """Let the reviewer's own text leave, or check it alone."""
        call = current_call()
        edit = Edit(request.text, request.validate_only, request.accept_unsupported)
        asked = DecisionRequest(request.ticket, ReviewDecision.EDITED, remarks_of(request), request.etag, edit)
        shown = await self._calls.decisions.decide(call.caller, asked, self._by(call))
        return review_service_pb2.EditReviewResponse(review=review_to_pb(shown))

    async def RejectReview(
        self, request: review_service_pb2.RejectReviewRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> review_service_pb2.RejectReviewResponse:
        """End the question without an answer."""
        call = current_call()
        asked = DecisionRequest(request.ticket, ReviewDecision.REJECTED, remarks_of(request), request.etag)
        shown = await self._calls.decisions.decide(call.caller, asked, self._by(call))
        return review_service_pb2.RejectReviewResponse(review=review_to_pb(shown))

    async def WatchReviews(  # type: ignore[override]  # writes to the context; the stubs know generators only
        self,
        request: review_service_pb2.WatchReviewsRequest,
        context: "grpc.aio.ServicerContext[Any, review_service_pb2.WatchReviewsResponse]",
    ) -> None:
        """Write the reviews that match, then each change of one, until the caller leaves or the server drains."""
        calls, call = self._calls, current_call()
        seconds = self._current.snapshot.write_seconds
        watch = ReviewWatch(calls.records, call.caller.tenant, selection_from_pb(request.filter), self._clock)
        wrote = self._clock.now()
        async with self._watching.watch(calls.wakeups, call.caller.tenant) as subscription:
            while True:
                found = await watch.next()
                messages = [review_service_pb2.WatchReviewsResponse(review=listed_to_pb(each)) for each in found]
                if not messages and self._clock.now() - wrote >= HEARTBEAT_SECONDS:
                    messages = [review_service_pb2.WatchReviewsResponse(heartbeat=Heartbeat())]
                if messages:
                    # The stream may outlast the key, the token or the role that it was admitted with.
                    await still_allowed(call, self._current)
                for message in messages:
                    await write_bounded(context, message, seconds)
                    wrote = self._clock.now()
                if self._watching.ending:
                    raise Rejection(Reason.SHUTTING_DOWN)
                if not found and watch.complete:
                    await subscription.wait(POLL_SECONDS)

    async def MeasureReviews(
        self, request: review_service_pb2.MeasureReviewsRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> review_service_pb2.MeasureReviewsResponse:
        """Count the decided samples."""
        since = time_of(request.since, "since") if request.HasField("since") else None
        until = time_of(request.until, "until") if request.HasField("until") else None
        counts = await self._calls.records.measure(current_call().caller.tenant, since, until, request.route)
        return review_service_pb2.MeasureReviewsResponse(rows=map(counts_to_pb, counts))

    @property
    def _calls(self) -> ReviewCalls:
        return self._current.snapshot.review_calls(Feature.REVIEWS)

    def _by(self, call: Call) -> Deadline:
        """Return until when a reply must be ready."""
        now = self._clock.now()
        return call.within(now, _CALL_SECONDS).reply_by(now)

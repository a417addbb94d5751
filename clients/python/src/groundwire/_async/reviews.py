"""The calls of reviewers, who decide which answers leave."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from datetime import datetime
from typing import Final

import grpc

from groundwire._aio.calls import sleep
from groundwire._async.connection import Connection
from groundwire.errors import ended_early
from groundwire.requests import (
    NANOS,
    fault_numbers,
    review_filter,
    stamp,
)
from groundwire.v1.review_pb2 import Review, ReviewOrder
from groundwire.v1.review_service_pb2 import (
    ApproveReviewRequest,
    ClaimReviewRequest,
    EditReviewRequest,
    GetReviewRequest,
    ListReviewsRequest,
    MeasureReviewsRequest,
    RejectReviewRequest,
    ReleaseReviewRequest,
    SampleCounts,
    WatchReviewsRequest,
)

_SLICE: Final = 300.0
"""Seconds that one call watches: a longer watch is several."""

_LONGEST: Final = 400 * 86_400.0
"""Seconds that a watch lasts where no time is given: it ends when it is left."""


class ReviewCalls:
    """Calls about answers that wait for a person: the role reviewer is needed.

    Args:
        connection: to the server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def reviews(
        self,
        *,
        states: Iterable[str] = (),
        kinds: Iterable[str] = (),
        route: str = "",
        reviewer: str = "",
        newest: bool = False,
        page_size: int = 100,
        timeout: float | None = None,
    ) -> AsyncIterator[Review]:
        """Yield the reviews of the tenant without drafts and evidence, fetching page after page.

        Args:
            states: names of `Review.State` such as ``PENDING``; none yields all.
            kinds: names of `Review.Kind` such as ``SAMPLE``; none yields all.
            route: the route of the question; empty yields all.
            reviewer: the subject that holds the claim or has decided; empty yields all.
            newest: yields the newest first, and not the oldest.
            page_size: how many to fetch at once, at most 1000.
            timeout: seconds that each page may take.

        Raises:
            ValueError: for a name that the contract does not have.
        """
        order = ReviewOrder.REVIEW_ORDER_NEWEST if newest else ReviewOrder.REVIEW_ORDER_OLDEST
        narrowed = review_filter(states, kinds, route, reviewer)
        request = ListReviewsRequest(page_size=page_size, filter=narrowed, order=order)
        async for page in self._connection.pages(self._connection.reviews.ListReviews, request, timeout):
            for review in page.reviews:
                yield review

    async def open_reviews(self, *, timeout: float | None = None) -> int:
        """Return how many reviews of the tenant wait for a decision; at most 100,000 are counted."""
        request = ListReviewsRequest(page_size=1, filter=review_filter(("PENDING",), (), "", ""))
        page = await self._connection.call(self._connection.reviews.ListReviews, request, timeout)
        return page.open

    async def review(self, ticket: str, *, timeout: float | None = None) -> Review:
        """Return a review with its draft and the evidence that the caller may see."""
        request = GetReviewRequest(ticket=ticket)
        response = await self._connection.call(self._connection.reviews.GetReview, request, timeout)
        return response.review

    async def claim_review(self, ticket: str, *, lease: float | None = None, timeout: float | None = None) -> Review:
        """Reserve a review for the caller, or prolong the caller's own claim; return it as claimed.

        Args:
            ticket: names the review.
            lease: seconds that the claim holds, 10 to 3600; None takes 15 minutes.
            timeout: seconds that the call may take.

        Raises:
            Error: REVIEW_CLAIMED while another reviewer holds it, with `retry_after`.
        """
        request = ClaimReviewRequest(ticket=ticket)
        if lease is not None:
            request.lease.FromNanoseconds(round(lease * NANOS))
        response = await self._connection.call(self._connection.reviews.ClaimReview, request, timeout)
        return response.review

    async def release_review(self, ticket: str, *, timeout: float | None = None) -> Review:
        """Give the caller's claim back, and return the review."""
        request = ReleaseReviewRequest(ticket=ticket)
        response = await self._connection.call(self._connection.reviews.ReleaseReview, request, timeout)
        return response.review

    async def approve_review(
        self, ticket: str, *, note: str = "", etag: str = "", timeout: float | None = None
    ) -> Review:
        """Let an answer leave as it was proposed, and return the review as decided.

        Args:
            ticket: names a review that the caller has claimed.
            note: is kept with the review.
            etag: that of the review as it was seen; empty decides it as it is.
            timeout: seconds that the call may take.
        """
        request = ApproveReviewRequest(ticket=ticket, note=note, etag=etag)
        response = await self._connection.call(self._connection.reviews.ApproveReview, request, timeout)
        return response.review

    async def edit_review(
        self,
        ticket: str,
        text: str,
        *,
        note: str = "",
        etag: str = "",
        validate_only: bool = False,
        accept_unsupported: bool = False,
        faults: Iterable[str] = (),
        wrong_sentences: Iterable[int] = (),
        timeout: float | None = None,
    ) -> Review:
        """Let another text leave in place of the draft, and return the review with the text and its verdicts.

        Args:
            ticket: names a review that the caller has claimed.
            text: the answer, at most 64 KiB; it is checked against the evidence of the draft.
            note: is kept with the review.
            etag: that of the review as it was seen; empty decides it as it is.
            validate_only: checks the text, and decides nothing.
            accept_unsupported: lets sentences leave that the evidence does not support, where the route allows it.
            faults: what is wrong with the draft, as names of `AnswerFault` such as ``INCORRECT``.
            wrong_sentences: the sentences of the draft that are wrong, as indexes from 0.
            timeout: seconds that the call may take.

        Raises:
            Error: REVIEW_TEXT_UNSUPPORTED for a text with sentences that the route does not let leave.
            ValueError: for a fault that the contract does not have.
        """
        request = EditReviewRequest(
            ticket=ticket,
            text=text,
            note=note,
            etag=etag,
            validate_only=validate_only,
            accept_unsupported=accept_unsupported,
            faults=fault_numbers(faults),
            wrong_sentences=wrong_sentences,
        )
        response = await self._connection.call(self._connection.reviews.EditReview, request, timeout)
        return response.review

    async def reject_review(
        self,
        ticket: str,
        *,
        note: str = "",
        etag: str = "",
        faults: Iterable[str] = (),
        wrong_sentences: Iterable[int] = (),
        timeout: float | None = None,
    ) -> Review:
        """Let no answer leave, and return the review as decided; `edit_review` describes the arguments."""
        request = RejectReviewRequest(
            ticket=ticket, note=note, etag=etag, faults=fault_numbers(faults), wrong_sentences=wrong_sentences
        )
        response = await self._connection.call(self._connection.reviews.RejectReview, request, timeout)
        return response.review

    async def watch_reviews(
        self,
        *,
        states: Iterable[str] = (),
        kinds: Iterable[str] = (),
        route: str = "",
        reviewer: str = "",
        timeout: float | None = None,
    ) -> AsyncGenerator[Review, None]:
        """Yield the reviews that match, then each again whenever it has changed, until the iteration is left.

        One that no longer matches is yielded once more; not if it changed while the connection was lost, unless every
        state is watched. After a lost connection, what has not changed is not yielded again.

        Args:
            states: names of `Review.State` such as ``PENDING``; none watches all.
            kinds: names of `Review.Kind` such as ``APPROVAL``; none watches all.
            route: the route of the question; empty watches all.
            reviewer: the subject that holds the claim or has decided; empty watches all.
            timeout: seconds to watch; None watches until the iteration is left.

        Raises:
            Error: when the call fails. It is made again where the connection was lost.
            ValueError: for a name that the contract does not have.
        """
        request = WatchReviewsRequest(filter=review_filter(states, kinds, route, reviewer))
        attempts = self._connection.attempts(_LONGEST if timeout is None else timeout)
        seen: dict[str, str] = {}
        while attempts.time_left:
            call = self._connection.reviews.WatchReviews(
                request, timeout=min(attempts.time_left, _SLICE), metadata=self._connection.metadata()
            )
            error = ended_early("")
            try:
                async for event in call:
                    self._connection.answered()
                    attempts.progressed()
                    if event.HasField("review") and seen.get(event.review.ticket) != event.review.etag:
                        seen[event.review.ticket] = event.review.etag
                        yield event.review
            except grpc.RpcError as failed:
                error = self._connection.error(failed)
            finally:
                call.cancel()
            if error.code is grpc.StatusCode.DEADLINE_EXCEEDED:
                continue
            wait = attempts.wait_after(error)
            if wait is None:
                raise error
            await sleep(wait)

    async def measure_reviews(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        route: str = "",
        timeout: float | None = None,
    ) -> list[SampleCounts]:
        """Return how many samples were decided, and found wrong, by route and weakest verdict; for operators.

        Args:
            since: counts answers that left at this time or later; None counts all that are kept.
            until: counts answers that left before this time; None has no end.
            route: the route to count; empty counts all.
            timeout: seconds that the call may take.

        Raises:
            ValueError: for a time without a time zone.
        """
        request = MeasureReviewsRequest(since=stamp(since), until=stamp(until), route=route)
        response = await self._connection.call(self._connection.reviews.MeasureReviews, request, timeout)
        return list(response.rows)

# Generated from clients/python/src/groundwire/_async/feedback.py: change that, then `make generate`.
"""The calls of feedback, and of the labelled cases that come of it."""

from collections.abc import Generator, Iterable, Iterator
from datetime import datetime

import grpc

from groundwire._sync.connection import Connection
from groundwire.outcomes import Outcome
from groundwire.requests import fault_numbers, numbered, rating_number, stamp
from groundwire.v1.feedback_service_pb2 import (
    ExportCasesRequest,
    Feedback,
    LabelledCase,
    ListFeedbackRequest,
    SubmitFeedbackRequest,
)


class FeedbackCalls:
    """Calls that say whether answers were any good, and give out what was said.

    Args:
        connection: to the server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def submit_feedback(
        self,
        outcome: Outcome,
        *,
        rating: str = "",
        faults: Iterable[str] = (),
        correction: str = "",
        comment: str = "",
        end_user_id: str = "",
        timeout: float | None = None,
    ) -> bool:
        """Say whether an outcome was any good, and return whether its answer is kept; the last word replaces others.

        Args:
            outcome: what the server answered.
            rating: ``UP`` or ``DOWN``; empty gives none.
            faults: what was wrong with it, as names of `AnswerFault` such as ``INCORRECT``.
            correction: the answer as it should have been, at most 64 KiB.
            comment: in your own words.
            end_user_id: on whose behalf it is said, so that it can be erased.
            timeout: seconds that the call may take.

        Raises:
            ValueError: for a name that the contract does not have.
        """
        report = outcome.message.report
        request = SubmitFeedbackRequest(
            request_id=report.request_id,
            trace_id=report.trace_id,
            route=report.route,
            rating=rating_number(rating),
            faults=fault_numbers(faults),
            correction=correction,
            comment=comment,
            end_user_id=end_user_id,
        )
        response = self._connection.call(self._connection.feedback.SubmitFeedback, request, timeout)
        return response.answer_kept

    def list_feedback(
        self, *, route: str = "", rating: str = "", page_size: int = 100, timeout: float | None = None
    ) -> Iterator[Feedback]:
        """Yield the feedback of the tenant, the newest first, fetching page after page: the role operator is needed.

        Args:
            route: the route to list; empty lists all.
            rating: ``UP`` or ``DOWN``; empty lists all.
            page_size: how many to fetch at once, at most 1000.
            timeout: seconds that each page may take.

        Raises:
            ValueError: for a rating that the contract does not have.
        """
        request = ListFeedbackRequest(page_size=page_size, route=route, rating=rating_number(rating))
        for page in self._connection.pages(self._connection.feedback.ListFeedback, request, timeout):
            yield from page.feedback

    def export_cases(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        route: str = "",
        sources: Iterable[str] = (),
        timeout: float | None = None,
    ) -> Generator[LabelledCase, None, None]:
        """Yield the answers that persons have judged, the oldest first: the role operator is needed.

        Args:
            since: yields what was said at this time or later; None yields all that is kept.
            until: yields what was said before this time; None has no end.
            route: the route to export; empty exports all.
            sources: ``REVIEW``, ``FEEDBACK``; none exports both.
            timeout: seconds that all of it may take.

        Raises:
            Error: when the call fails; it is not made again.
            ValueError: for a source that the contract does not have, or a time without a time zone.
        """
        numbers = [numbered(LabelledCase.Source.DESCRIPTOR, source) for source in sources]
        request = ExportCasesRequest(since=stamp(since), until=stamp(until), route=route, sources=numbers)
        attempts = self._connection.attempts(timeout, repeatable=False)
        metadata = self._connection.metadata()
        call = self._connection.feedback.ExportCases(request, timeout=attempts.time_left, metadata=metadata)
        try:
            for response in call:
                self._connection.answered()
                yield response.labelled_case
        except grpc.RpcError as failed:
            raise self._connection.error(failed) from None
        finally:
            call.cancel()
        attempts.succeeded()

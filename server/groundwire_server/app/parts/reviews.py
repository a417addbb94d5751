"""Reviews: what keeps them, and what they work with by one configuration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from groundwire_server.app.clock import SystemClock
from groundwire_server.app.parts.feedback import ProcessFeedback, open_feedback
from groundwire_server.app.parts.operation_codec import CODEC
from groundwire_server.app.parts.recordings import ProcessRecordings
from groundwire_server.app.parts.records import record_erasure
from groundwire_server.edge.feedback import FeedbackCalls
from groundwire_server.edge.reviews import ReviewCalls
from groundwire_server.pipeline.reviewed_texts import ScreenedTexts
from groundwire_server.pipeline.routes import RouteTable
from groundwire_server.ports.answer_cache import AnswerCache
from groundwire_server.ports.audit import AuditRecords
from groundwire_server.ports.erasable import ErasableRecords
from groundwire_server.ports.experiments import ExperimentRecorder
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.operations import Wakeups
from groundwire_server.ports.recording import Recording
from groundwire_server.ports.retriever import Retriever
from groundwire_server.ports.reviews import DraftChecker, ReviewRecords
from groundwire_server.review.completing import OperationCompleter
from groundwire_server.review.deciding import ReviewDecisions
from groundwire_server.review.desk import RecordedReviewDesk
from groundwire_server.review.events import ReviewEvents
from groundwire_server.review.reading import ReviewReader
from groundwire_server.review.serving import ReviewServing

if TYPE_CHECKING:
    from groundwire_server.adapters.records.opening import OpenedRecords


@dataclass(frozen=True, slots=True)
class ProcessReviews:
    """The reviews of a process.

    Attributes:
        records: keep them.
        audit: reads who did what.
        desk: sends answers for review.
        events: tell those that watch.
        feedback: of callers, with the samples that the desk draws.
    """

    records: ReviewRecords
    audit: AuditRecords
    desk: RecordedReviewDesk
    events: ReviewEvents
    feedback: ProcessFeedback

    def feedback_calls(self, routes: RouteTable, experiments: ExperimentRecorder) -> FeedbackCalls:
        """Return what calls of feedback need, by the routes of one configuration."""
        return self.feedback.calls(_retrievers(routes), experiments)

    def calls(
        self, routes: RouteTable, drafts: DraftChecker, cache: AnswerCache | None, recording: Recording
    ) -> ReviewCalls:
        """Return what calls need of them, by one configuration.

        Args:
            routes: of the configuration.
            drafts: gives sentences their verdicts.
            cache: keeps earlier answers; None where none is kept.
            recording: records stages, runs and decisions.
        """
        clock = SystemClock()
        texts = ScreenedTexts(routes, drafts, clock, recording)
        serving = ReviewServing(routes.policy, _retrievers(routes), routes, texts, cache)
        reading, completing = ReviewReader(self.records, serving), OperationCompleter(serving, CODEC, clock)
        decisions = ReviewDecisions(self.records, reading, completing, self.events, clock, recording.tracer)
        return ReviewCalls(self.records, self.audit, self.events.wakeups, reading, decisions, completing)


def open_reviews(records: "OpenedRecords | None", wakeups: Wakeups, recorder: Metrics) -> ProcessReviews | None:
    """Return the reviews of a process; None where there are no records.

    Args:
        records: the database.
        wakeups: wake those that watch reviews or wait for their operations.
        recorder: counts reviews and samples.
    """
    if records is None:
        return None
    # Imported here: a server without records starts without what speaks SQL.
    from groundwire_server.adapters.records.audit.sql import SqlAuditRecords  # noqa: PLC0415
    from groundwire_server.adapters.records.reviews.sql import SqlReviewRecords  # noqa: PLC0415

    clock, keep = SystemClock(), timedelta(days=records.options.retention.done_days)
    reviews = SqlReviewRecords(records.database, records.sealing, clock, keep)
    events = ReviewEvents(wakeups, recorder)
    feedback = open_feedback(records, reviews, events)
    desk = RecordedReviewDesk(reviews, feedback.samples, events, clock)
    audit = SqlAuditRecords(records.database, records.sealing)
    return ProcessReviews(reviews, audit, desk, events, feedback)


def kept_questions(
    records: "OpenedRecords | None", reviews: ProcessReviews | None, recordings: ProcessRecordings | None
) -> Sequence[ErasableRecords]:
    """Return what keeps questions in the database, in the order in which it is erased."""
    if records is None:
        return ()
    return (*pending_questions(reviews, recordings), record_erasure(records))


def pending_questions(
    reviews: ProcessReviews | None, recordings: ProcessRecordings | None
) -> Sequence[ErasableRecords]:
    """Return what has questions on their way to the database: an erasure waits for them in every process."""
    samples = () if reviews is None else (reviews.feedback.pending_erasure(),)
    recorded = () if recordings is None else (recordings.pending_erasure(),)
    return (*samples, *recorded)


def _retrievers(routes: RouteTable) -> Callable[[str, str], Retriever | None]:
    def retriever(tenant: str, name: str) -> Retriever | None:
        route = routes.route(tenant, name)
        return None if route is None else route.ports.retriever

    return retriever

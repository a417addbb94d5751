"""Feedback: what keeps it, and the samples of what has left."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from groundwire_server.app.clock import SystemClock
from groundwire_server.app.parts.records import share_key
from groundwire_server.domain.review_policy import DAY
from groundwire_server.edge.feedback import FeedbackCalls
from groundwire_server.ports.erasable import ErasableRecords
from groundwire_server.ports.experiments import ExperimentRecorder
from groundwire_server.ports.feedback import FeedbackRecords
from groundwire_server.ports.retriever import Retriever
from groundwire_server.ports.reviews import ReviewRecords
from groundwire_server.review.events import ReviewEvents
from groundwire_server.review.rights import EvidenceRights
from groundwire_server.review.sample_erasure import PendingSampleErasure
from groundwire_server.review.sampling import OutcomeSamples, keyed_draw

if TYPE_CHECKING:
    from groundwire_server.adapters.records.opening import OpenedRecords


@dataclass(frozen=True, slots=True)
class ProcessFeedback:
    """The feedback of a process.

    Attributes:
        records: keep it.
        samples: draw what has left.
        keep: seconds that feedback is kept.
    """

    records: FeedbackRecords
    samples: OutcomeSamples
    keep: float

    def calls(
        self, retriever: Callable[[str, str], Retriever | None], experiments: ExperimentRecorder
    ) -> FeedbackCalls:
        """Return what calls need of it, by one configuration.

        Args:
            retriever: returns the store of a tenant's route; None where there is no route of this name.
            experiments: takes what is said of calls in experiments.
        """
        return FeedbackCalls(self.records, self.samples, EvidenceRights(retriever), self.keep, experiments)

    def pending_erasure(self) -> ErasableRecords:
        """Return what takes samples in memory into account when records are erased."""
        return PendingSampleErasure(self.samples, SystemClock())


def open_feedback(records: "OpenedRecords", reviews: ReviewRecords, events: ReviewEvents) -> ProcessFeedback:
    """Return the feedback of a process.

    Args:
        records: the database.
        reviews: keep samples.
        events: announce reviews that are opened.
    """
    # Imported here: a server without records starts without what speaks SQL.
    from groundwire_server.adapters.records.feedback.sql import SqlFeedbackRecords  # noqa: PLC0415

    clock = SystemClock()
    kept = SqlFeedbackRecords(records.database, records.sealing, clock)
    samples = OutcomeSamples(reviews, kept, clock, events.recorder, events.opened, keyed_draw(share_key(records)))
    return ProcessFeedback(kept, samples, records.options.retention.feedback_days * DAY)

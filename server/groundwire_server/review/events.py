"""What follows a change of a review: watchers are woken, and the change is counted."""

import logging
from dataclasses import dataclass

from groundwire_server.domain.review import Review
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.operations import Wakeups, ended
from groundwire_server.ports.reviews import reviews_changed
from groundwire_server.telemetry import metrics

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReviewEvents:
    """Announces committed changes. Nothing here fails: a change whose wake-up is lost is seen a second later.

    Attributes:
        wakeups: wake the watchers of the review, or of its operation.
        recorder: counts.
    """

    wakeups: Wakeups
    recorder: Metrics

    async def opened(self, review: Review) -> None:
        """Announce a review that was opened."""
        self.recorder.add(metrics.REVIEWS_OPENED, 1, review.route, review.kind, review.reason.trigger)
        await self._wake(review)

    async def changed(self, tenant: str) -> None:
        """Announce a review that was claimed or released."""
        await self.wakeups.notify(reviews_changed(tenant))

    async def ended(self, review: Review) -> None:
        """Announce a review that was decided, or has expired."""
        self.recorder.add(metrics.REVIEWS_ENDED, 1, review.route, review.kind, review.state)
        if review.decided is not None and review.reviewer:
            age = max(0.0, (review.decided - review.created).total_seconds())
            self.recorder.record(metrics.REVIEW_DURATION, age, review.route, review.kind)
        about = {"ticket": review.ticket, "route": review.route, "kind": review.kind, "state": review.state}
        _log.info("a review has ended", extra={"tenant": review.tenant, **about})
        await self._wake(review)

    async def _wake(self, review: Review) -> None:
        # First the caller who waits.
        if review.operation_id:
            await self.wakeups.notify(ended(review.operation_id))
        await self.wakeups.notify(reviews_changed(review.tenant))

"""The upkeep of reviews: ending those that nobody decided in time, forgetting old ones, and counting."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, NoReturn

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.review import ReviewKind, ReviewState
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Reading
from groundwire_server.ports.operations import RecordsError
from groundwire_server.ports.reviews import OpenedReview, ReviewRecords, WaitingReviews
from groundwire_server.review.completing import OperationCompleter
from groundwire_server.review.events import ReviewEvents
from groundwire_server.telemetry import metrics

SECONDS: Final = 5.0
"""Between the end of a round and the next."""

MOST: Final = 50
"""Reviews that are ended in one go."""

_EACH_SECONDS: Final = 5.0
"""How long guards may be asked about the passages that stand in the place of an answer."""

_log = logging.getLogger(__name__)


class ReviewUpkeep:
    """Ends overdue reviews, and counts those that wait, again and again; several processes may do it at once.

    Args:
        records: the reviews.
        completing: returns what completes operations, by the current configuration.
        events: announce what has ended, and read how many wait.
        clock: the event loop's, and of the wall.
    """

    def __init__(
        self,
        records: ReviewRecords,
        completing: Callable[[], OperationCompleter],
        events: ReviewEvents,
        clock: Clock,
    ) -> None:
        self._records = records
        self._completing = completing
        self._events = events
        self._clock = clock
        self._waiting = WaitingReviews()
        events.recorder.watch(metrics.REVIEWS_OPEN, self, lambda upkeep: upkeep.counted())
        events.recorder.watch(metrics.REVIEWS_OLDEST_AGE, self, lambda upkeep: [((), upkeep.oldest_age)])

    @property
    def oldest_age(self) -> float:
        """Seconds that the oldest review has waited for whose decision a caller waits; 0 where none does."""
        oldest = self._waiting.oldest
        return 0.0 if oldest is None else max(0.0, (self._clock.today() - oldest).total_seconds())

    def counted(self) -> Iterable[Reading]:
        """Return how many reviews of each kind waited at the last look."""
        return [((kind.value,), self._waiting.counts.get(kind, 0)) for kind in ReviewKind]

    async def keep(self) -> NoReturn:
        """Do a round, and the next after a while, until this is cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(SECONDS)

    async def round(self) -> None:
        """End, forget and count once; a database that cannot be asked is asked again in the next round."""
        try:
            while await self._end_overdue() >= MOST:
                pass
            await self._records.sweep()
            self._waiting = await self._records.waiting()
        except RecordsError as error:
            _log.warning("reviews were not looked through", extra={"why": str(error.fault)})

    async def _end_overdue(self) -> int:
        """End some of the reviews that are overdue; return how many this process has ended."""
        overdue = await self._records.overdue(MOST)
        ends = [await self._end(opened) for opened in overdue]
        return sum(ends)

    async def _end(self, opened: OpenedReview) -> bool:
        review, completing = opened.review, self._completing()
        completion = None
        if review.operation_id:
            by = Deadline(self._clock.now() + _EACH_SECONDS)
            outcome = await completing.refusal(Cause.REVIEW_EXPIRED, review, opened.case, by)
            completion = completing.completion(outcome)
        if not await self._records.expire(review.tenant, review.ticket, completion):
            return False
        await self._events.ended(replace(review, state=ReviewState.EXPIRED, reviewer=""))
        return True

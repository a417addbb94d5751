"""The background work of a process for its reviews."""

import asyncio

from groundwire_server.app.background import kept_going
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.compose import Process
from groundwire_server.domain.vocabulary import Feature
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.review.completing import OperationCompleter
from groundwire_server.review.expiry import ReviewUpkeep


class ReviewWork:
    """Ends reviews that nobody decides in time, and counts those that wait; nothing where the process has none.

    Args:
        process: the process's own.
        current: the configuration by which reviews end; it is read anew for each.
    """

    def __init__(self, process: Process, current: CurrentSnapshot) -> None:
        self._current = current
        self._task: asyncio.Task[None] | None = None
        self._upkeep: ReviewUpkeep | None = None
        reviews = process.reviews
        if reviews is not None:
            self._upkeep = ReviewUpkeep(reviews.records, self._completing, reviews.events, SystemClock())

    def begin(self) -> None:
        """Begin, in the background."""
        if self._upkeep is not None:
            self._task = kept_going("review upkeep", self._upkeep.keep)

    async def end(self) -> None:
        """End; what is being written is written or not, as a whole."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _completing(self) -> OperationCompleter:
        return self._current.snapshot.review_calls(Feature.REVIEWS).completing

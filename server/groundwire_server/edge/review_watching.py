"""The calls that watch reviews: they last, so that they are few, and end when the server drains."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.interceptors.limits import NoPlaceError, Places
from groundwire_server.edge.options import ArrivalOptions
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.operations import Subscription, Wakeups
from groundwire_server.ports.reviews import reviews_changed
from groundwire_server.telemetry import metrics


class ReviewWatching:
    """The places of calls that watch reviews.

    Attributes:
        ending: whether the server drains.
    """

    def __init__(self, options: ArrivalOptions, recorder: Metrics) -> None:
        self._places = Places("review_watches", options.max_review_watches, options.max_review_watches_per_tenant)
        self._metrics = recorder
        self.ending = False

    def end(self) -> None:
        """Have every call end that watches reviews."""
        self.ending = True

    @asynccontextmanager
    async def watch(self, wakeups: Wakeups, tenant: str) -> AsyncIterator[Subscription]:
        """Yield a subscription to the changes of a tenant's reviews.

        Raises:
            Rejection: OVERLOADED when too many watch already.
        """
        try:
            self._places.take(tenant)
        except NoPlaceError as full:
            self._metrics.add(metrics.CALLS_REFUSED, 1, full.limit)
            raise Rejection(Reason.OVERLOADED) from None
        try:
            async with wakeups.subscribed(reviews_changed(tenant)) as subscription:
                yield subscription
        finally:
            self._places.give_back(tenant)

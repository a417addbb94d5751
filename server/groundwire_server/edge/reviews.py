"""What the calls of reviews and of the audit trail need."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from groundwire_server.edge.interceptors.limits import Places
from groundwire_server.edge.long_calls import LongCalls
from groundwire_server.edge.options import ArrivalOptions
from groundwire_server.ports.audit import AuditRecords
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.operations import Subscription, Wakeups
from groundwire_server.ports.reviews import ReviewRecords, reviews_changed
from groundwire_server.review.completing import OperationCompleter
from groundwire_server.review.deciding import ReviewDecisions
from groundwire_server.review.reading import ReviewReader


@dataclass(frozen=True, slots=True)
class ReviewCalls:
    """Reviews as calls see them, by one configuration.

    Attributes:
        records: keep them.
        audit: reads who did what.
        wakeups: says when one has changed.
        reading: shows them.
        decisions: decides them.
        completing: completes the operations of reviews that expire.
    """

    records: ReviewRecords
    audit: AuditRecords
    wakeups: Wakeups
    reading: ReviewReader
    decisions: ReviewDecisions
    completing: OperationCompleter


class ReviewWatching(LongCalls):
    """The calls that watch reviews."""

    def __init__(self, options: ArrivalOptions, recorder: Metrics) -> None:
        places = Places("review_watches", options.max_review_watches, options.max_review_watches_per_tenant)
        super().__init__(places, recorder)

    @asynccontextmanager
    async def watch(self, wakeups: Wakeups, tenant: str) -> AsyncIterator[Subscription]:
        """Yield a subscription to the changes of a tenant's reviews.

        Raises:
            Rejection: OVERLOADED when too many watch already.
        """
        with self.place(tenant):
            async with wakeups.subscribed(reviews_changed(tenant)) as subscription:
                yield subscription

"""What notifies ticketing systems of reviews."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from groundwire_server.app.clock import SystemClock
from groundwire_server.ports.outbox import ReviewNotices
from groundwire_server.ports.reviews import ReviewRecords
from groundwire_server.review.notice_options import ReviewWebhooksOptions
from groundwire_server.review.notices import ReviewWebhooks
from groundwire_server.work.backoff import Backoff


@asynccontextmanager
async def open_review_webhooks(
    options: ReviewWebhooksOptions, records: ReviewRecords | None
) -> AsyncIterator[ReviewNotices | None]:
    """Yield what notifies ticketing systems of reviews; None where none is named, or there are no reviews."""
    if records is None or not options.webhooks:
        yield None
        return
    # Imported here: a server that posts nothing starts without an HTTP client.
    from groundwire_server.adapters.webhooks.http import HttpWebhookSender  # noqa: PLC0415

    # Jitter is no secret.
    backoff = Backoff(options.backoff_seconds, options.max_backoff_seconds, random.Random())  # noqa: S311
    async with HttpWebhookSender.opened(options.timeout_seconds, options.private, options.ca_file) as sender:
        yield ReviewWebhooks(options, records, sender, SystemClock(), backoff.after)

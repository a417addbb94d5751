"""Acting on what changes of operations have left in the outbox: waking those that wait, and posting webhooks."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, NoReturn

from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.operations import WORK, RecordsError, Wakeups, ended
from groundwire_server.ports.outbox import (
    REVIEW_KINDS,
    OutboxEntry,
    OutboxKind,
    OutboxRecords,
    ReviewNotices,
    WebhookError,
    WebhookSender,
)
from groundwire_server.telemetry import metrics
from groundwire_server.work.webhooks import Webhooks

MOST: Final = 32
"""Entries that are acted on together."""

LEASE_SECONDS: Final = 120.0
"""How long another process leaves a claimed entry alone; the longest that a receiver may take is half of it."""

SECONDS: Final = 2.0
"""Between the end of a round that found nothing and the next."""

_WAKING: Final = frozenset({OutboxKind.WORK, OutboxKind.ENDED})

_log = logging.getLogger(__name__)


class OutboxRelay:
    """Acts on the outbox, again and again; several processes may do it at once.

    Whoever commits a change wakes those that wait itself. Here are the wake-ups of processes that ended before that,
    and those that are due later.

    Args:
        outbox: what there is to do.
        wakeups: wake those that wait.
        webhooks: what is posted; None where the operator allows none.
        sender: posts it; None as well.
        clock: of the wall.
        recorder: counts what becomes of webhooks.
        reviews: tell ticketing systems of reviews; None where there are none.
    """

    def __init__(
        self,
        outbox: OutboxRecords,
        wakeups: Wakeups,
        webhooks: Webhooks | None,
        sender: WebhookSender | None,
        clock: Clock,
        recorder: Metrics,
        reviews: ReviewNotices | None = None,
    ) -> None:
        self._outbox = outbox
        self._wakeups = wakeups
        self._webhooks = webhooks
        self._sender = sender
        self._clock = clock
        self._recorder = recorder
        self._reviews = reviews

    async def relay(self) -> NoReturn:
        """Do a round, and the next at once where there is more, until this is cancelled."""
        while True:
            if await self.round() < MOST:
                await asyncio.sleep(SECONDS)

    async def round(self) -> int:
        """Act on what is due, and return how much it was; a database that cannot be asked has nothing due."""
        try:
            entries = await self._outbox.claim(MOST, LEASE_SECONDS)
            woken = [entry for entry in entries if entry.kind in _WAKING]
            await self._wake(woken)
            await self._outbox.done(woken)
        except RecordsError as error:
            _log.warning("the outbox could not be read", extra={"why": str(error.fault)})
            return 0
        await asyncio.gather(*(self._notify(entry) for entry in entries if entry.kind not in _WAKING))
        return len(entries)

    async def _wake(self, entries: Sequence[OutboxEntry]) -> None:
        topics = {WORK if entry.kind is OutboxKind.WORK else ended(entry.operation_id) for entry in entries}
        for topic in sorted(topics):
            await self._wakeups.notify(topic)

    async def _notify(self, entry: OutboxEntry) -> None:
        about_review = entry.kind in REVIEW_KINDS
        try:
            if about_review and not entry.receiver:
                await self._spread(entry)
                return
            result = await (self._told(entry) if about_review else self._delivered(entry))
        except RecordsError as error:
            # It is due again once its lease is over.
            _log.warning("a webhook waits for the database", extra={"why": str(error.fault)})
            return
        self._recorder.add(metrics.WEBHOOKS, 1, result)

    async def _delivered(self, entry: OutboxEntry) -> str:
        notice = await self._outbox.notice(entry)
        if notice is None or self._webhooks is None or self._sender is None:
            return await self._given_up(entry, "the operation or the section queue.webhooks is gone")
        if not self._webhooks.allows(entry.tenant, notice.webhook):
            return await self._given_up(entry, "its host or its tenant is not allowed any more")
        body = self._webhooks.body(notice)
        headers = self._webhooks.headers(notice, body, int(self._clock.today().timestamp()))
        try:
            await self._sender.post(notice.webhook.url, headers, body)
        except WebhookError as error:
            return await self._failed(entry, error, self._webhooks.retry_after(entry.attempt))
        await self._outbox.done([entry])
        return "DELIVERED"

    async def _spread(self, entry: OutboxEntry) -> None:
        receivers = () if self._reviews is None else self._reviews.receivers(entry)
        await self._outbox.spread(entry, receivers)

    async def _told(self, entry: OutboxEntry) -> str:
        """Tell a ticketing system of a review; return what became of it."""
        if self._reviews is None:
            return await self._given_up(entry, "the webhooks of reviews are gone")
        try:
            if not await self._reviews.post(entry):
                return await self._given_up(entry, "the review or its webhook is gone")
        except WebhookError as error:
            return await self._failed(entry, error, self._reviews.retry_after(entry.attempt))
        await self._outbox.done([entry])
        return "DELIVERED"

    async def _failed(self, entry: OutboxEntry, error: WebhookError, after: float | None) -> str:
        if error.final or after is None:
            return await self._given_up(entry, str(error.fault))
        await self._outbox.retry(entry, after)
        return "RETRIED"

    async def _given_up(self, entry: OutboxEntry, why: str) -> str:
        await self._outbox.done([entry])
        if entry.kind in REVIEW_KINDS:
            about = {"target": f"reviews/{entry.operation_id}", "event": entry.kind.value, "receiver": entry.receiver}
        else:
            about = {"operation": f"operations/{entry.operation_id}"}
        _log.warning(
            "a webhook was given up", extra={**about, "tenant": entry.tenant, "attempts": entry.attempt, "why": why}
        )
        return "GIVEN_UP"

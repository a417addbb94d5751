"""The ReviewRecords of SQLite and PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from groundwire_server.adapters.records.audit.trail import AuditEvent, AuditTrail
from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.operations.rows import micros, moment
from groundwire_server.adapters.records.reviews import claiming, measuring, reading, sweeping
from groundwire_server.adapters.records.reviews.deciding import ReviewEnder
from groundwire_server.adapters.records.reviews.opening import ReviewOpener
from groundwire_server.adapters.records.reviews.rows import ReviewRows, report_unreadable
from groundwire_server.adapters.records.reviews.withdrawing import target_of
from groundwire_server.domain.operation import Claim
from groundwire_server.domain.review import Review, ReviewVerdict
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.operations import RecordsError
from groundwire_server.ports.reviews import (
    Completion,
    OpenedReview,
    ReviewOpening,
    ReviewPlace,
    ReviewSelection,
    SampleCount,
    WaitingReviews,
)


class SqlReviewRecords:
    """Reviews in a database; see `ports.reviews.ReviewRecords`.

    Args:
        sealing: of texts, outcomes and the audit trail.
        clock: of the wall.
        keep: how long an operation is kept with its outcome.
    """

    def __init__(self, database: RecordsDatabase, sealing: Sealing, clock: Clock, keep: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._rows = ReviewRows(sealing)
        self._trail = AuditTrail(sealing)
        self._opener = ReviewOpener(sealing, self._rows, self._trail)
        self._ender = ReviewEnder(sealing, self._rows, self._trail, keep // timedelta(microseconds=1))

    async def open(self, opening: ReviewOpening, claim: Claim | None) -> Review | None:
        """Keep a case with its review, and the operation that waits for it."""

        def open_review(connection: Connection) -> Review | None:
            now = self._now()
            row = self._opener.open(connection, opening, claim, now)
            return None if row is None else self._rows.review(row, now)

        return await self._database.write(open_review)

    async def get(self, tenant: str, ticket: str) -> OpenedReview | None:
        """Return a review with its texts."""
        row = await self._database.read(lambda connection: reading.get(connection, tenant, ticket))
        if row is None:
            return None
        try:
            return self._rows.opened(row, self._now())
        except RecordsError as unreadable:
            # The reviewer learns no more than that the records cannot be read.
            report_unreadable(row, unreadable)
            raise

    async def note_reading(self, tenant: str, ticket: str, reviewer: str, withheld: int) -> None:
        """Write into the audit trail that a reviewer has read the texts of a review."""
        if await self._database.read(lambda connection: reading.was_read(connection, tenant, ticket, reviewer)):
            return
        event = AuditEvent(reading.READ, target_of(ticket), reviewer, {"withheld": str(withheld)})

        def note(connection: Connection) -> None:
            # Two that note the same wait for each other.
            self._trail.lock(connection, tenant)
            known = reading.get(connection, tenant, ticket) is not None
            if known and not reading.was_read(connection, tenant, ticket, reviewer):
                self._trail.append(connection, tenant, self._now(), [event])

        await self._database.write(note)

    async def page(
        self, tenant: str, selection: ReviewSelection, after: ReviewPlace | None, most: int, *, newest: bool = False
    ) -> Sequence[OpenedReview]:
        """Return reviews with their questions."""
        now = self._now()

        def page(connection: Connection) -> Sequence[OpenedReview]:
            found: list[OpenedReview] = []
            last = after
            # Those that cannot be read are reported and left out, and do not end the page.
            while len(found) < most:
                rows = reading.page(connection, tenant, selection, last, most - len(found), now, newest=newest)
                if not rows:
                    break
                last = ReviewPlace(moment(rows[-1].created), rows[-1].ticket)
                found += (each for row in rows if (each := self._rows.listed(row, now)) is not None)
            return found

        return await self._database.read(page)

    async def count_open(self, tenant: str, most: int) -> int:
        """Return how many wait for a decision."""
        return await self._database.read(lambda connection: reading.count_open(connection, tenant, most))

    async def waiting(self) -> WaitingReviews:
        """Return how many of all tenants wait for a decision."""
        return await self._database.read(reading.waiting)

    async def claim(self, tenant: str, ticket: str, reviewer: str, lease: float) -> Review:
        """Reserve a review for a reviewer."""

        def claim(connection: Connection) -> Review:
            now = self._now()
            until = now + round(lease * 1_000_000)
            row = claiming.claim(connection, self._trail, tenant, ticket, reviewer, now, until)
            return self._rows.review(row, now)

        return await self._database.write(claim)

    async def release(self, tenant: str, ticket: str, reviewer: str) -> Review:
        """Give a reviewer's claim back."""

        def release(connection: Connection) -> Review:
            now = self._now()
            row = claiming.release(connection, self._trail, tenant, ticket, reviewer, now)
            return self._rows.review(row, now)

        return await self._database.write(release)

    async def decide(
        self,
        tenant: str,
        ticket: str,
        reviewer: str,
        verdict: ReviewVerdict,
        completion: Completion | None,
        etag: str = "",
    ) -> Review:
        """Decide a review and end its operation."""

        def decide(connection: Connection) -> Review:
            now = self._now()
            row = self._ender.decide(connection, tenant, ticket, reviewer, verdict, completion, etag, now)
            return self._rows.review(row, now)

        return await self._database.write(decide)

    async def overdue(self, most: int) -> Sequence[OpenedReview]:
        """Return reviews of all tenants that have expired and were not ended."""
        now = self._now()
        rows = await self._database.read(lambda connection: reading.overdue(connection, most, now))
        return [found for row in rows if (found := self._rows.overdue(row, now)) is not None]

    async def expire(self, tenant: str, ticket: str, completion: Completion | None) -> bool:
        """End a review that has expired, and its operation."""
        return await self._database.write(
            lambda connection: self._ender.expire(connection, tenant, ticket, completion, self._now())
        )

    async def changed(self, tenant: str, after: int, most: int) -> Sequence[tuple[int, str]]:
        """Return the tickets that have changed."""
        return await self._database.read(lambda connection: reading.changed(connection, tenant, after, most))

    async def measure(
        self, tenant: str, since: datetime | None, until: datetime | None, route: str
    ) -> Sequence[SampleCount]:
        """Count samples."""
        return await self._database.read(lambda connection: measuring.measure(connection, tenant, since, until, route))

    async def sweep(self) -> int:
        """Forget reviews and cases that are kept long enough."""
        changed = 0
        # In batches, so that nobody waits for long.
        while count := await self._database.write(lambda connection: sweeping.forget_kept(connection, self._now())):
            changed += count
        return changed

    def _now(self) -> int:
        return micros(self._clock.today())

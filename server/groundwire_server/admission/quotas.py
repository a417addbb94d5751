"""The limits of the configuration's table on what may begin."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from itertools import count
from secrets import token_hex
from types import TracebackType
from typing import Final

from groundwire_server.admission.claims import goes_on, take_or_return
from groundwire_server.admission.limit_table import CountedLimits, HeldLimit, LimitTable
from groundwire_server.admission.quota_reports import Exhausted, QuotaReports
from groundwire_server.admission.waiting import POLL_SECONDS, LinePlace, WaitingLines
from groundwire_server.domain.admission import Applicant
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.quota import MAX_LEASE, MICROS, CallLease, Level, Taken
from groundwire_server.domain.vocabulary import LimitKind, Reason, WithoutStore
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.quota_store import QuotaStore, QuotaStoreError

_GRACE: Final = 5 * MICROS
"""Microseconds after a call's deadline in which it gives back what it holds, if its process lives."""

_NOTHING: Final = nullcontext()


class Quotas:
    """A Limit of Admission: takes from every count that holds for a call, in one step, or refuses it.

    Args:
        table: the limits.
        store: keeps the counts.
        lines: where calls wait.
        without_store: what each route does while the store cannot be asked; those it does not name are open.
        reports: says what was refused.
        clock: the event loop's.
    """

    def __init__(
        self,
        table: LimitTable,
        store: QuotaStore,
        lines: WaitingLines,
        without_store: Mapping[str, WithoutStore],
        reports: QuotaReports,
        clock: Clock,
    ) -> None:
        self._table = table
        self._store = store
        self._lines = lines
        self._without_store = without_store
        self._reports = reports
        self._clock = clock
        self._process = token_hex(8)
        self._calls = count()

    def __repr__(self) -> str:
        return f"<Quotas: {self._store}, {self._lines}>"

    def hold(self, applicant: Applicant) -> AbstractAsyncContextManager[None]:
        """Hold what a call takes of its limits while it works.

        Raises (on entering):
            Rejection: QUOTA_EXCEEDED, or LIMITS_UNAVAILABLE where the store cannot be asked and the route is closed.
        """
        if not self._table:
            return _NOTHING
        counted = self._table.counted(applicant.requester, applicant.work)
        return _Held(self, applicant, counted) if counted.limits else _NOTHING

    async def begin(self, applicant: Applicant, counted: CountedLimits, lease: CallLease) -> None:
        """Take what a call needs, once it is there.

        Raises:
            Rejection: as `hold` says.
        """
        limits = counted.limits
        # Who comes while others wait goes to the end of the line.
        line = None
        if self._lines:
            line = next((each for each in limits if _has_queue(each) and self._lines.length(each.key)), None)
        if line is None:
            taken = await self._take(applicant, counted, lease)
            if taken is None or taken.admitted:
                self._tell_shadow(limits, taken)
                return
            line = self._line_for(limits, taken)
        place, began = self._lines.place(), self._clock.now()
        by = applicant.deadline.reply_by(applicant.arrived).at
        while True:
            queue = line.row.queue
            if queue is None or self._lines.length(line.key) >= queue.size:
                raise self._reports.refused([_full(line)], 0)
            by = min(by, began + queue.seconds)
            with self._lines.joined(line.key, place):
                taken = await self._in_turn(applicant, counted, lease, line, place, by)
            if taken is None or taken.admitted:
                self._tell_shadow(limits, taken)
                return
            line = self._line_for(limits, taken)

    def end(self, counted: CountedLimits, lease: CallLease) -> None:
        """Give back what a call held."""
        if counted.leased:
            self._store.give_back(counted.leased, lease)
            for key in counted.leased:
                self._lines.wake(key)

    def lease(self, applicant: Applicant) -> CallLease:
        """Return the lease of a call: it ends by itself a little after the call must have."""
        remaining = min(applicant.deadline.remaining(self._clock.now()) * MICROS, MAX_LEASE - _GRACE)
        return CallLease(f"{self._process}{next(self._calls):x}", round(remaining) + _GRACE)

    async def _in_turn(
        self,
        applicant: Applicant,
        counted: CountedLimits,
        lease: CallLease,
        line: HeldLimit,
        place: LinePlace,
        by: float,
    ) -> Taken | None:
        """Wait for the call's turn in a line, and return what came of its demands.

        A call whose turn it is, and that another limit refuses, has no place here: those behind it need not wait for
        what it alone waits for.

        Raises:
            Rejection: when its turn does not come by then, or a limit refuses it for which nobody waits.
        """
        index = counted.limits.index(line)
        while True:
            # Before the store is asked, so that what is given back meanwhile is not missed.
            place.event.clear()
            if self._lines.is_first(line.key, place):
                taken = await self._take(applicant, counted, lease)
                if taken is None or taken.admitted or taken.levels[index].fits:
                    return taken
                self._line_for(counted.limits, taken)
            left = by - self._clock.now()
            if left <= 0:
                raise self._reports.refused([_full(line)], 0)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, POLL_SECONDS) if self._store.shared else left):
                    await place.event.wait()

    def _line_for(self, limits: Sequence[HeldLimit], taken: Taken) -> HeldLimit:
        """Return the limit that a refused call waits for.

        Raises:
            Rejection: when a limit refuses it for which nobody waits.
        """
        levels = zip(limits, taken.levels, strict=True)
        exhausted = [Exhausted(limit, level) for limit, level in levels if limit.row.enforced and not level.fits]
        if all(_has_queue(each.limit) for each in exhausted):
            return exhausted[0].limit
        raise self._reports.refused(exhausted, taken.now)

    async def _take(self, applicant: Applicant, counted: CountedLimits, lease: CallLease) -> Taken | None:
        """Return what came of demands; None where the store cannot be asked and the route is open."""
        try:
            return await take_or_return(
                self._store, counted.demands, lease, lambda _: self._store.give_back(counted.leased, lease)
            )
        except QuotaStoreError as error:
            if goes_on(self._without_store, applicant.requester.route, error, self._reports):
                return None
            raise Rejection(Reason.LIMITS_UNAVAILABLE) from error

    def _tell_shadow(self, limits: Sequence[HeldLimit], taken: Taken | None) -> None:
        if taken is not None:
            levels = zip(limits, taken.levels, strict=True)
            self._reports.shadowed([limit for limit, level in levels if not level.fits])


class _Held:
    """What one call holds; a class, since a generator's context manager costs several times as much."""

    __slots__ = ("_applicant", "_counted", "_lease", "_quotas")

    def __init__(self, quotas: Quotas, applicant: Applicant, counted: CountedLimits) -> None:
        self._quotas = quotas
        self._applicant = applicant
        self._counted = counted
        self._lease = quotas.lease(applicant)

    async def __aenter__(self) -> None:
        try:
            await self._quotas.begin(self._applicant, self._counted, self._lease)
        except BaseException as raised:
            # Where the caller left while the store was asked, nobody knows whether something was taken.
            if not (isinstance(raised, Rejection) and raised.reason is Reason.QUOTA_EXCEEDED):
                self._quotas.end(self._counted, self._lease)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._quotas.end(self._counted, self._lease)


def _has_queue(limit: HeldLimit) -> bool:
    """Return whether calls wait for a limit's concurrent ones to end."""
    return limit.kind is LimitKind.CONCURRENT_CALLS and limit.row.enforced and limit.row.queue is not None


def _full(limit: HeldLimit) -> Exhausted:
    """Return concurrent calls of which all are taken."""
    return Exhausted(limit, Level(limit.demand(1), int(limit.most), 0, fits=False))

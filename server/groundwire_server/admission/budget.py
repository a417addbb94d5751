"""The budgets of requesters: tokens a minute, and money a day and a month, reserved when a model is asked."""

from collections.abc import Mapping, Sequence
from typing import Final

from groundwire_server.admission.claims import goes_on, take_or_return
from groundwire_server.admission.limit_table import LimitTable
from groundwire_server.admission.quota_reports import RETRY_SECONDS, Exhausted, QuotaReports
from groundwire_server.domain.allowance import total_tokens
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.limits import MONEY
from groundwire_server.domain.quota import MICROS, Demand, Reservation, Settlement, Taken, TokenBucket
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, LimitKind, WithoutStore
from groundwire_server.ports.quota_store import QuotaStore, QuotaStoreError

_UNBOUND: Final = Reservation()


class QuotaBudget:
    """A Budget by the limits of the configuration's table, in the counts that admission looks at.

    Args:
        table: the limits.
        store: keeps the counts.
        without_store: what each route does while the store cannot be asked; those it does not name are open.
        reports: says what was refused.
    """

    def __init__(
        self, table: LimitTable, store: QuotaStore, without_store: Mapping[str, WithoutStore], reports: QuotaReports
    ) -> None:
        self._table = table
        self._store = store
        self._without_store = without_store
        self._reports = reports

    async def reserve(self, requester: Requester, most: Usage) -> Reservation:
        """Reserve the most that a call can consume.

        Raises:
            Failure: BUDGET_EXHAUSTED when the requester has not that much left, with when it will have; also where the
                store cannot be asked and the route is closed.
        """
        limits = self._table.spending(requester)
        demands = [
            each.demand(amount)
            for each in limits
            if (amount := most.cost_micros if each.kind in MONEY else total_tokens(most))
        ]
        if not demands:
            return _UNBOUND
        try:
            taken = await take_or_return(
                self._store, demands, None, lambda taken: self.settle(_reservation(demands, taken), Usage())
            )
        except QuotaStoreError as error:
            if goes_on(self._without_store, requester.route, error, self._reports):
                return _UNBOUND
            raise Failure(Cause.BUDGET_EXHAUSTED, retry_after=RETRY_SECONDS) from error
        held = {each.key: each for each in limits}
        exhausted = [
            Exhausted(held[demand.key], level)
            for demand, level in zip(demands, taken.levels, strict=True)
            if not level.fits
        ]
        self._reports.shadowed([each.limit for each in exhausted if not each.limit.row.enforced])
        if not taken.admitted:
            raise self._refusal([each for each in exhausted if each.limit.row.enforced], taken)
        return _reservation(demands, taken)

    async def left_today(self, requester: Requester) -> float | None:
        """Return the least share that is left of the requester's limits on money for the day, 0 to 1.

        None where there is none, or the store cannot be asked.
        """
        limits = [
            each
            for each in self._table.spending(requester)
            if each.kind is LimitKind.COST_PER_DAY and each.row.enforced
        ]
        if not limits:
            return None
        try:
            taken = await self._store.take([each.demand(0) for each in limits])
        except QuotaStoreError:
            return None
        pairs = zip(limits, taken.levels, strict=True)
        return max(0.0, min(1.0 - level.used / limit.most for limit, level in pairs))

    def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Charge what the call did consume, and release the rest."""
        if reservation.taken:
            tokens, micros = total_tokens(usage), usage.cost_micros
            self._store.settle(
                [
                    Settlement(demand, reservation.at, tokens if isinstance(demand.bound, TokenBucket) else micros)
                    for demand in reservation.taken
                ]
            )

    def _refusal(self, exhausted: list[Exhausted], taken: Taken) -> Failure:
        self._reports.spent(exhausted)
        free = [each.level.free_at for each in exhausted]
        # A call that costs more than a whole day may never be made: to come again would not help.
        known = [(at - taken.now) / MICROS for at in free if at is not None]
        return Failure(Cause.BUDGET_EXHAUSTED, retry_after=max(known) if len(known) == len(free) else None)


def _reservation(demands: Sequence[Demand], taken: Taken) -> Reservation:
    """Return what was set aside: a rate in shadow that had not so much left was not taken from."""
    return Reservation(
        tuple(
            demand
            for demand, level in zip(demands, taken.levels, strict=True)
            if level.fits or not isinstance(demand.bound, TokenBucket)
        ),
        taken.now,
    )

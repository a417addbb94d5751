"""Counts in the memory of one process."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from groundwire_server.domain.quota import (
    MAX_LEASE,
    MICROS,
    CallLease,
    Concurrent,
    Demand,
    Level,
    Settlement,
    Spending,
    Taken,
    TokenBucket,
)

_LOOKED_AT = 4
"""Counts that each demand looks at, to drop those in which nothing is used any more."""


@dataclass(slots=True)
class _Bucket:
    full_at: int = 0

    def ends(self, now: int) -> bool:
        return self.full_at <= now


@dataclass(slots=True)
class _Spent:
    window: int
    amount: int
    until: int

    def ends(self, now: int) -> bool:
        return self.until <= now


@dataclass(slots=True)
class _Leases:
    expiries: dict[str, int] = field(default_factory=dict)

    def ends(self, now: int) -> bool:
        return not self.live(now)

    def live(self, now: int) -> int:
        """Drop what has expired, and return how many are left. None lasts longer when the clock is set back."""
        if any(not now < expiry <= now + MAX_LEASE for expiry in self.expiries.values()):
            self.expiries = {each: at for each, at in self.expiries.items() if now < at <= now + MAX_LEASE}
        return len(self.expiries)


_Count: TypeAlias = _Bucket | _Spent | _Leases
_CountT = TypeVar("_CountT", _Bucket, _Spent, _Leases)


class MemoryQuotaStore:
    """Counts of one process, which end with it.

    Args:
        seconds: since 1970, on a clock that may be set.

    Attributes:
        shared: no other process takes from them.
    """

    shared = False

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._counts: dict[str, _Count] = {}

    def __repr__(self) -> str:
        return f"<MemoryQuotaStore: {len(self._counts)} counts>"

    async def take(self, demands: Sequence[Demand], lease: CallLease | None = None) -> Taken:
        """Take all that is demanded, or nothing where an enforced demand does not fit."""
        now = self._now()
        self._drop_ended(now)
        measures = [self._measure(demand, now) for demand in demands]
        fitting = [_fits(demand, measure) for demand, measure in zip(demands, measures, strict=True)]
        admitted = all(fits or not demand.enforced for demand, fits in zip(demands, fitting, strict=True))
        if admitted:
            measures = [
                self._added(demand, measure, lease, now, fits=fits)
                for demand, measure, fits in zip(demands, measures, fitting, strict=True)
            ]
        levels = [
            Level.of(demand, measure, now, fits=fits)
            for demand, measure, fits in zip(demands, measures, fitting, strict=True)
        ]
        return Taken(admitted, now, levels)

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Count what was used in place of what was reserved."""
        now = self._now()
        for each in settlements:
            match each.demand.bound:
                case TokenBucket() as rate:
                    bucket = self._find(each.demand.key, _Bucket)
                    ahead = rate.cost(each.amount) - rate.cost(each.demand.amount)
                    if bucket is not None:
                        bucket.full_at = now + min(max(bucket.full_at + ahead - now, 0), rate.period)
                    elif ahead > 0:
                        self._counts[each.demand.key] = _Bucket(now + ahead)
                case Spending(_, calendar):
                    window = calendar.window(each.at)
                    spent = self._find(each.demand.key, _Spent)
                    if spent is not None and spent.window == window:
                        spent.amount = max(0, spent.amount + each.amount - each.demand.amount)
                    elif spent is None and window == calendar.window(now):
                        self._counts[each.demand.key] = _Spent(window, each.amount, calendar.end(now))
                case _:
                    pass

    def give_back(self, keys: Collection[str], lease: CallLease) -> None:
        """End a lease of these counts."""
        for key in keys:
            if (leases := self._find(key, _Leases)) is not None:
                leases.expiries.pop(lease.holder, None)

    def _now(self) -> int:
        return int(self._seconds() * MICROS)

    def _find(self, key: str, kind: type[_CountT]) -> _CountT | None:
        count = self._counts.get(key)
        return count if isinstance(count, kind) else None

    def _measure(self, demand: Demand, now: int) -> int:
        """Return the microseconds until a bucket is full again, or what is used of any other count."""
        match demand.bound:
            case TokenBucket(_, period):
                bucket = self._find(demand.key, _Bucket)
                ahead = 0 if bucket is None else max(bucket.full_at - now, 0)
                # More than a period ahead only if the clock was set back, which must lock nobody out until it is there.
                return ahead if ahead <= period else 0
            case Spending(_, calendar):
                spent = self._find(demand.key, _Spent)
                return spent.amount if spent is not None and spent.window == calendar.window(now) else 0
            case _:
                leases = self._find(demand.key, _Leases)
                return 0 if leases is None else leases.live(now)

    def _added(self, demand: Demand, measure: int, lease: CallLease | None, now: int, *, fits: bool) -> int:
        """Count what is demanded of a count, and return its measure then."""
        key = demand.key
        match demand.bound:
            case TokenBucket(_, period) as rate if demand.amount and fits:
                measure = min(measure + rate.cost(demand.amount), period)
                self._counts[key] = _Bucket(now + measure)
            case Spending(_, calendar) if demand.amount:
                measure += demand.amount
                self._counts[key] = _Spent(calendar.window(now), measure, calendar.end(now))
            case Concurrent() if lease is not None and fits:
                leases = self._find(key, _Leases) or _Leases()
                self._counts[key] = leases
                leases.expiries[lease.holder] = now + lease.lasts
                measure += 1
            case _:
                pass
        return measure

    def _drop_ended(self, now: int) -> None:
        """Look at the counts that were not looked at for longest: each demand does a little of it."""
        for _ in range(min(_LOOKED_AT, len(self._counts))):
            key = next(iter(self._counts))
            count = self._counts.pop(key)
            if not count.ends(now):
                self._counts[key] = count


def _fits(demand: Demand, measure: int) -> bool:
    match demand.bound:
        case TokenBucket(_, period) as rate:
            return measure + rate.needed(demand.amount) <= period
        case Spending(most):
            return measure + max(demand.amount, 1) <= most
        case Concurrent(most):
            return measure < most

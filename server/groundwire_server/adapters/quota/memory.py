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
        levels = [self._level(demand, now) for demand in demands]
        admitted = all(level.fits or not level.demand.enforced for level in levels)
        if admitted:
            levels = [self._added(level, lease) for level in levels]
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

    def _level(self, demand: Demand, now: int) -> Level:
        """Return how a count stands before anything is taken of it."""
        match demand.bound:
            case TokenBucket(_, period) as rate:
                bucket = self._find(demand.key, _Bucket)
                ahead = 0 if bucket is None else max(bucket.full_at - now, 0)
                # More than a period ahead only if the clock was set back, which must lock nobody out until it is there.
                measure = ahead if ahead <= period else 0
                return Level(demand, measure, now, measure + rate.needed(demand.amount) <= period)
            case Spending(most, calendar):
                spent = self._find(demand.key, _Spent)
                measure = spent.amount if spent is not None and spent.window == calendar.window(now) else 0
                return Level(demand, measure, now, measure + max(demand.amount, 1) <= most)
            case Concurrent(most):
                leases = self._find(demand.key, _Leases)
                measure = 0 if leases is None else leases.live(now)
                return Level(demand, measure, now, measure < most)

    def _added(self, level: Level, lease: CallLease | None) -> Level:
        """Count what is demanded of a count, and return how it stands then."""
        demand, measure, now = level.demand, level.measure, level.now
        match demand.bound:
            case TokenBucket(_, period) as rate if demand.amount and level.fits:
                measure = min(measure + rate.cost(demand.amount), period)
                self._counts[demand.key] = _Bucket(now + measure)
            case Spending(_, calendar) if demand.amount:
                measure += demand.amount
                self._counts[demand.key] = _Spent(calendar.window(now), measure, calendar.end(now))
            case Concurrent() if lease is not None and level.fits:
                leases = self._find(demand.key, _Leases) or _Leases()
                self._counts[demand.key] = leases
                leases.expiries[lease.holder] = now + lease.lasts
                measure += 1
            case _:
                return level
        return Level(demand, measure, now, level.fits)

    def _drop_ended(self, now: int) -> None:
        """Look at the counts that were not looked at for longest: each demand does a little of it."""
        for _ in range(min(_LOOKED_AT, len(self._counts))):
            key = next(iter(self._counts))
            count = self._counts.pop(key)
            if not count.ends(now):
                self._counts[key] = count

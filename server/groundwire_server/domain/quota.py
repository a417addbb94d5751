"""Counts of what was used, as the store that keeps them sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import floor
from typing import Final, TypeAlias

MICROS: Final = 1_000_000
"""Times of counts are microseconds since 1970 in UTC, on the store's clock."""

_DAY: Final = 86_400 * MICROS

MAX_LEASE: Final = 3700 * MICROS
"""The longest lease: the longest deadline of a call, and a grace."""


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """A token bucket (GCRA): so many in a period, all at once if need be.

    Attributes:
        most: how many.
        period: microseconds.
    """

    most: int
    period: int

    def cost(self, amount: int) -> int:
        """Return the microseconds that an amount takes; at most the whole period."""
        return min(floor(amount * (self.period / self.most)), self.period)

    def needed(self, amount: int) -> int:
        """Return the microseconds that must be left for an amount: a full bucket is enough for any."""
        return self.cost(max(amount, 1))

    def used(self, ahead: int) -> int:
        """Return what is used of a bucket that is full again after so many microseconds."""
        return self.most - floor((self.period - ahead) / (self.period / self.most))


class Calendar(StrEnum):
    """A calendar window in UTC."""

    DAY = "day"
    MONTH = "month"

    def window(self, now: int) -> int:
        """Return the number of the window that an instant lies in."""
        if self is Calendar.DAY:
            return now // _DAY
        day = datetime.fromtimestamp(now // MICROS, UTC)
        return day.year * 12 + day.month - 1

    def end(self, now: int) -> int:
        """Return when the window of an instant ends."""
        if self is Calendar.DAY:
            return (now // _DAY + 1) * _DAY
        year, month = divmod(self.window(now) + 1, 12)
        return int(datetime(year, month + 1, 1, tzinfo=UTC).timestamp()) * MICROS


@dataclass(frozen=True, slots=True)
class Spending:
    """So much in a calendar window."""

    most: int
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Concurrent:
    """So many at once."""

    most: int


Bound: TypeAlias = TokenBucket | Spending | Concurrent


@dataclass(frozen=True, slots=True)
class Demand:
    """What one call takes of one count.

    Attributes:
        key: names the count.
        bound: how much there is of it.
        amount: what is taken; 0 takes nothing and asks that something is left. Concurrent calls are taken one by one,
            where there is a lease.
        enforced: whether nothing is taken of any count where this one has not that much left.
    """

    key: str
    bound: Bound
    amount: int
    enforced: bool = True


@dataclass(frozen=True, slots=True)
class CallLease:
    """Holds one of the concurrent calls, until it is given back or expires.

    Attributes:
        holder: a name that no other lease has.
        lasts: microseconds after which it expires; at most `MAX_LEASE`.
    """

    holder: str
    lasts: int


@dataclass(frozen=True, slots=True)
class Level:
    """How one count stands after a demand. What follows from it is worked out when it is asked for: mostly all fits.

    Attributes:
        demand: of the count.
        measure: microseconds until a bucket is full again; what is used of any other count.
        now: the store's time.
        fits: whether it had as much left as was demanded.
    """

    demand: Demand
    measure: int
    now: int
    fits: bool

    @property
    def used(self) -> int:
        """What is used of it now."""
        bound = self.demand.bound
        return bound.used(self.measure) if isinstance(bound, TokenBucket) else self.measure

    @property
    def free_at(self) -> int | None:
        """When as much as was demanded is left, if nothing else is taken; None where that is not known."""
        match self.demand.bound:
            case TokenBucket(_, period) as rate:
                return self.now + max(self.measure + rate.needed(self.demand.amount) - period, 0)
            case Spending(most, calendar):
                needed = max(self.demand.amount, 1)
                if self.measure + needed <= most:
                    return self.now
                return calendar.end(self.now) if needed <= most else None
            case _:
                return None

    @property
    def full_at(self) -> int | None:
        """When all of it is left again, if nothing else is taken; None where that is not known."""
        match self.demand.bound:
            case TokenBucket():
                return self.now + self.measure
            case Spending(_, calendar):
                return calendar.end(self.now)
            case _:
                return None


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of demands made together.

    Attributes:
        admitted: whether all that are enforced fitted; nothing was taken otherwise.
        now: the store's time.
        levels: one for each demand, in order.
    """

    admitted: bool
    now: int
    levels: Sequence[Level]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a call did use of a count that it had reserved something of.

    Attributes:
        demand: what was reserved.
        at: when, on the store's clock.
        amount: what was used.
    """

    demand: Demand
    at: int
    amount: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is set aside for a call of a model until it is known what it used.

    Attributes:
        taken: of each count; rates are of tokens, and spending is in millionths of the currency.
        at: when, on the store's clock.
    """

    taken: Sequence[Demand] = ()
    at: int = 0

"""The ports of usage: what models have consumed, by day, subject, route, model and purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import auto
from typing import Protocol

from groundwire_server.domain.generation import ModelUsage
from groundwire_server.domain.vocabulary import Purpose, Word


class UsageDimension(Word):
    """Something that usage is grouped by."""

    DAY = auto()
    SUBJECT = auto()
    ROUTE = auto()
    MODEL = auto()
    PURPOSE = auto()


@dataclass(frozen=True, slots=True)
class UsageKey:
    """What consumption is summed by.

    Attributes:
        day: in UTC, on which the call ended.
        currency: of the price, by its code of three letters; empty where no price is set.
    """

    tenant: str
    day: date
    subject: str
    route: str
    model: str
    purpose: Purpose
    currency: str


@dataclass(slots=True)
class UsageSum:
    """A sum of consumption.

    Attributes:
        cost_micros: millionths of the currency.
        calls: how many calls consumed it.
        estimated_calls: how many of those have an estimate among their counts.
    """

    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    calls: int = 0
    estimated_calls: int = 0


@dataclass(frozen=True, slots=True)
class UsageRow:
    """A sum with the values of the dimensions that were asked for; the others are None."""

    sums: UsageSum
    currency: str
    day: date | None = None
    subject: str | None = None
    route: str | None = None
    model: str | None = None
    purpose: Purpose | None = None


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """What to sum, of one tenant; an empty name takes all.

    Attributes:
        first: the first day, in UTC.
        last: the last day.
        group_by: the dimensions to tell apart, in the order of the rows.
    """

    tenant: str
    first: date
    last: date
    group_by: tuple[UsageDimension, ...] = ()
    subject: str = ""
    route: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class OpenBook:
    """A process whose account does not hold everything that it consumed; see `OpenBook` of the contract."""

    process: str
    began: datetime
    written: datetime
    open_calls: int


class UsageRecorder(Protocol):
    """Takes what calls have consumed; what the edge and the worker see of usage. It never waits, and never fails."""

    def begin(self, tenant: str) -> None:
        """Note that a call of a tenant has begun that may consume something."""
        ...

    def end(self, tenant: str, subject: str, route: str, usage: Sequence[ModelUsage]) -> None:
        """Note that a call has ended, and what it has consumed; each `begin` has one."""
        ...

    def add(self, tenant: str, subject: str, route: str, usage: Sequence[ModelUsage]) -> None:
        """Note what was consumed beside calls, as by a comparison with another model."""
        ...


class UsageRecords(Protocol):
    """The accounts in the database. Every method raises RecordsError when the database cannot be asked."""

    async def write(
        self, process: str, began: datetime, sums: Mapping[UsageKey, UsageSum], open_calls: Mapping[str, int]
    ) -> None:
        """Add sums to the accounts and say that they hold everything up to now, in one transaction.

        Args:
            process: names the process, and no other that ever was.
            began: when it began.
            sums: what was consumed since it wrote last.
            open_calls: how many calls of each tenant are in flight.
        """
        ...

    async def close(self, process: str) -> None:
        """Say that nothing of a process is missing: it has ended."""
        ...

    async def query(self, query: UsageQuery, after: int, most: int) -> Sequence[UsageRow]:
        """Return sums in the order of their dimensions, without the first `after` of them."""
        ...

    async def open_books(self, tenant: str, stale: float) -> Sequence[OpenBook]:
        """Return the processes that have not written for `stale` seconds and were not closed."""
        ...

    async def sweep(self) -> int:
        """Forget what is kept long enough; return how many rows are gone."""
        ...

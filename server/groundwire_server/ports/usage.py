"""The ports of usage: what models have consumed, by tenant, day, subject, route, model and purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import auto
from typing import Protocol

from groundwire_server.domain.generation import ModelUsage
from groundwire_server.domain.vocabulary import Purpose, Word


class UsageDimension(Word):
    """Something that usage is grouped by; by TENANT only in the accounts of all tenants."""

    TENANT = auto()
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
        subject: empty where there were more subjects than can be told apart.
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
    tenant: str | None = None
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
class TenantsUsageQuery:
    """What to sum over all tenants; an empty name takes all.

    A type of its own: what a tenant asks for is a `UsageQuery`, which can never become one of these.
    """

    first: date
    last: date
    group_by: tuple[UsageDimension, ...] = ()
    tenant: str = ""
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


@dataclass(frozen=True, slots=True)
class UsageBooks:
    """How far the accounts go.

    Attributes:
        open: those of processes that do not hold everything.
        counted: all calls that ended before are counted, but for those of the processes in `open`.
    """

    open: Sequence[OpenBook]
    counted: datetime


@dataclass(frozen=True, slots=True)
class UsageBatch:
    """What a process writes at once.

    Attributes:
        number: one more than that of the batch before; a batch that is written again is counted once.
        cut: when it was cut off: it holds what ended before, after the batch before it.
        open_calls: how many calls of each tenant were in flight then.
    """

    number: int
    cut: datetime
    sums: Mapping[UsageKey, UsageSum]
    open_calls: Mapping[str, int]


class UsageRecorder(Protocol):
    """Takes what calls have consumed; what those who ask models see of usage. It never waits, and never fails."""

    def begin(self, tenant: str) -> None:
        """Note that a tenant's work has begun that may consume something."""
        ...

    def add(self, tenant: str, subject: str, route: str, usage: Sequence[ModelUsage]) -> None:
        """Note what one call has consumed, once all of it is known."""
        ...

    def end(self, tenant: str) -> None:
        """Note that work has ended, after what it consumed was added; each `begin` has one."""
        ...


class UsageRecords(Protocol):
    """The accounts in the database. Every method raises RecordsError when the database cannot be asked."""

    async def write(self, process: str, began: datetime, batch: UsageBatch) -> None:
        """Add a batch to the accounts, in one transaction, unless it is there already.

        Args:
            process: names the process, and no other that ever was.
            began: when it began.
            batch: what it has consumed since the batch before.
        """
        ...

    async def close(self, process: str) -> None:
        """Say that nothing of a process is missing: it has ended."""
        ...

    async def query(self, query: UsageQuery, after: UsageRow | None, most: int) -> Sequence[UsageRow]:
        """Return at most so many sums in the order of their dimensions, those behind a row or all."""
        ...

    async def books(self, query: UsageQuery, stale: float) -> UsageBooks:
        """Return how far the accounts of the days of a query go.

        Args:
            query: whose rows are asked for afterwards, so that they hold what is said to be counted.
            stale: seconds without a batch after which a process that was not closed is taken to be gone.
        """
        ...

    async def sweep(self) -> int:
        """Forget what is kept long enough; return how many rows are gone."""
        ...


class TenantsUsage(Protocol):
    """The accounts of all tenants, for those who hold the server's configuration; no servicer is given them.

    Every method raises RecordsError when the database cannot be asked.
    """

    async def query(self, query: TenantsUsageQuery, after: UsageRow | None, most: int) -> Sequence[UsageRow]:
        """Return sums as `UsageRecords.query` does."""
        ...

    async def books(self, query: TenantsUsageQuery, stale: float) -> UsageBooks:
        """Return how far the accounts go, as `UsageRecords.books` does, with the open calls of all asked tenants."""
        ...

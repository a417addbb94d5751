"""Accounts of usage in memory, that can be away for a while."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from groundwire_server.domain.failure import Fault
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.operations import RecordsError
from groundwire_server.ports.usage import (
    OpenBook,
    UsageBatch,
    UsageBooks,
    UsageKey,
    UsageQuery,
    UsageRow,
    UsageSum,
)


class Away(Fault):
    """What the accounts say while they cannot be asked."""

    GONE = ("the database is away", "start it")


@dataclass(slots=True)
class Book:
    """How far a process has written."""

    began: datetime
    written: datetime
    batch: int
    open_calls: dict[str, int]
    closed: bool = False


class MemoryUsageRecords:
    """The accounts of usage in memory; see `ports.usage.UsageRecords`.

    Attributes:
        failing: how many of the next methods fail before they do anything; -1 for all.
        broken: how many of the next writes fail once they are done, as a commit that breaks off may.
        books_kept: by the names of processes.
        writes: how many were tried.
    """

    def __init__(self, clock: Clock, keep: timedelta = timedelta(days=400)) -> None:
        self._clock = clock
        self._keep = keep
        self._sums: dict[UsageKey, UsageSum] = {}
        self.failing = 0
        self.broken = 0
        self.books_kept: dict[str, Book] = {}
        self.writes = 0

    async def write(self, process: str, began: datetime, batch: UsageBatch) -> None:
        """Add a batch to the accounts, unless it is there already."""
        self.writes += 1
        self._reach()
        book = self.books_kept.setdefault(process, Book(began, batch.cut, 0, {}))
        if book.batch < batch.number:
            book.written, book.batch, book.open_calls = batch.cut, batch.number, dict(batch.open_calls)
            for key, sums in batch.sums.items():
                _add(self._sums.setdefault(key, UsageSum()), sums)
        if self.broken:
            self.broken -= 1
            raise RecordsError(Away.GONE)

    async def close(self, process: str) -> None:
        """Close the book of a process."""
        self._reach()
        if process in self.books_kept:
            self.books_kept[process].closed = True

    async def query(self, query: UsageQuery, after: UsageRow | None, most: int) -> Sequence[UsageRow]:
        """Return sums."""
        self._reach()
        found: dict[tuple[Any, ...], UsageSum] = {}
        for key, sums in self._sums.items():
            if _asked(query, key):
                place = (*(getattr(key, each.value.lower()) for each in query.group_by), key.currency)
                _add(found.setdefault(place, UsageSum()), sums)
        behind = None if after is None else _place(query, after)
        names = [each.value.lower() for each in query.group_by]
        rows = [
            UsageRow(found[place], place[-1], **dict(zip(names, place[:-1], strict=True)))
            for place in sorted(found)
            if behind is None or place > behind
        ]
        return rows[:most]

    async def books(self, query: UsageQuery, stale: float) -> UsageBooks:
        """Return how far the accounts go."""
        self._reach()
        now = self._clock.today()
        silent_since = now - timedelta(seconds=stale)
        unclosed = {name: book for name, book in self.books_kept.items() if not book.closed}
        silent = [
            OpenBook(name, book.began, book.written, book.open_calls.get(query.tenant, 0))
            for name, book in unclosed.items()
            if book.written <= silent_since
            and book.written.date() >= query.first - timedelta(days=1)
            and book.began.date() <= query.last
        ]
        silent.sort(key=lambda each: (-each.open_calls, -each.written.timestamp(), each.process))
        counted = [book.written for book in unclosed.values() if book.written > silent_since]
        return UsageBooks(silent, min((*counted, now)))

    async def sweep(self) -> int:
        """Forget what is kept long enough."""
        self._reach()
        before = self._clock.today() - self._keep
        sums = [key for key in self._sums if key.day < before.date()]
        closed = [name for name, book in self.books_kept.items() if book.closed or book.written <= before]
        for key in sums:
            del self._sums[key]
        for name in closed:
            del self.books_kept[name]
        return len(sums) + len(closed)

    @property
    def kept(self) -> dict[UsageKey, UsageSum]:
        """What the accounts hold."""
        return dict(self._sums)

    def _reach(self) -> None:
        if self.failing:
            self.failing -= self.failing > 0
            raise RecordsError(Away.GONE)


def _add(into: UsageSum, sums: UsageSum) -> None:
    for each in fields(UsageSum):
        setattr(into, each.name, getattr(into, each.name) + getattr(sums, each.name))


def _asked(query: UsageQuery, key: UsageKey) -> bool:
    in_days = query.first <= key.day <= query.last
    named = ((query.subject, key.subject), (query.route, key.route), (query.model, key.model))
    return key.tenant == query.tenant and in_days and all(not name or name == value for name, value in named)


def _place(query: UsageQuery, row: UsageRow) -> tuple[str | date, ...]:
    return (*(getattr(row, each.value.lower()) for each in query.group_by), row.currency)

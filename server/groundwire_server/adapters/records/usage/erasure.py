"""Erasing the names of subjects in the accounts of usage. The numbers stay: they are what was paid for."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, func, select, true, update

from groundwire_server.adapters.records.buffered_erasure import BufferedErasure
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.erased_names import erased_name, is_erased
from groundwire_server.adapters.records.operations.rows import micros
from groundwire_server.adapters.records.tables.usage import usage, usage_books
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import (
    EntireTenant,
    ErasedPlace,
    ErasedPlaceKind,
    Erasure,
    OneSubject,
    RecordErasure,
)
from groundwire_server.ports.clock import Clock

_BATCH: Final = 500
"""Subjects that are erased in one transaction."""

_RENAME: Final = (
    update(usage)
    .where(usage.c.tenant == bindparam("of"), usage.c.subject == bindparam("erased"))
    .values(subject=bindparam("nobody"))
)


class SqlUsageErasure:
    """The ErasableRecords of the accounts of usage.

    What processes have consumed for the subject, and not written yet, has its name: this process writes it first, and
    the next batches of others are waited for.

    Args:
        clock: of the wall, which batches are dated by, and says how much time is left.
        write: writes what this process has consumed, and returns whether all of it is written.
        stale: seconds without a batch after which a process that was not closed is taken to be gone.
    """

    def __init__(
        self, database: RecordsDatabase, clock: Clock, write: Callable[[], Awaitable[bool]], stale: float
    ) -> None:
        self._erasure = BufferedErasure(database, clock, write, self._behind)
        self._clock = clock
        self._stale = stale

    async def erase(self, erasure: Erasure | RecordErasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Replace names of subjects; documents and end users are not in the accounts. See the port."""
        selection = erasure.selection
        if not isinstance(erasure, RecordErasure) or not isinstance(selection, EntireTenant | OneSubject):
            return []

        def erase_some(connection: Connection) -> int:
            return _erase_some(connection, erasure.tenant, selection)

        return [await self._erasure.erase(ErasedPlaceKind.USAGE, "usage", erase_some, deadline)]

    def _behind(self, connection: Connection, begun: datetime) -> int:
        """Return how many processes that live have not written since a time."""
        silent_since = micros(self._clock.today() - timedelta(seconds=self._stale))
        behind = (usage_books.c.written < micros(begun), usage_books.c.written > silent_since)
        asked = select(func.count()).select_from(usage_books).where(usage_books.c.closed.is_(None), *behind)
        return int(connection.execute(asked).scalar_one())


def _erase_some(connection: Connection, tenant: str, selection: EntireTenant | OneSubject) -> int:
    """Replace the names of a batch of subjects; return how many."""
    named = usage.c.subject != ""
    if isinstance(selection, OneSubject):
        named = usage.c.subject == selection.subject
    # Of an entire tenant those that were erased before keep the names that they have.
    known = ~is_erased(usage.c.subject) if isinstance(selection, EntireTenant) else true()
    asked = select(usage.c.subject).distinct().where(usage.c.tenant == tenant, named, known).limit(_BATCH)
    subjects = connection.execute(asked).scalars().all()
    names = [{"of": tenant, "erased": each, "nobody": erased_name()} for each in subjects]
    if names:
        connection.execute(_RENAME, names)
    return len(names)

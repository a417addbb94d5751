"""Erasing rows that processes keep in memory for a while before they write them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from math import isinf
from typing import Final

from sqlalchemy import Connection

from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import ErasedPlace, ErasedPlaceKind
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.operations import RecordsError

_POLL_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class BufferedErasure:
    """Erases rows once every process that lives has written what it had in memory.

    Attributes:
        database: has the rows.
        clock: of the wall, which batches are dated by, and says how much time is left.
        write: writes what this process has, and returns whether all of it is written.
        behind: returns how many processes that live have not written since a time.
    """

    database: RecordsDatabase
    clock: Clock
    write: Callable[[], Awaitable[bool]]
    behind: Callable[[Connection, datetime], int]

    async def erase(
        self, kind: ErasedPlaceKind, what: str, erase_some: Callable[[Connection], int], deadline: Deadline
    ) -> ErasedPlace:
        """Erase rows, a batch at a time, and return what became of them.

        Args:
            kind: of the place.
            what: names what processes write, for a note.
            erase_some: erases some of the rows, and returns how many; 0 once there are no more.
            deadline: until which the other processes are waited for, and rows are erased.
        """
        erased, complete, note = 0, False, ""
        left = deadline.remaining(self.clock.now())
        try:
            async with asyncio.timeout(None if isinf(left) else left):
                await self._until_written(self.clock.today())
                while count := await self.database.write(erase_some):
                    erased += count
            complete = True
        except TimeoutError:
            note = f"A process has not written its {what} in time: erase it again."
        except RecordsError as error:
            note = f"{str(error)[:1].upper()}{str(error)[1:]}."
        return ErasedPlace(kind, erased, complete, note)

    async def _until_written(self, begun: datetime) -> None:
        written = False
        while True:
            written = written or await self.write()
            if written and not await self.database.read(lambda connection: self.behind(connection, begun)):
                return
            await asyncio.sleep(_POLL_SECONDS)

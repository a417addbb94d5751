"""Recordings in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from groundwire_server.ports.call_recordings import RecordingEntry, RecordingKey
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.operations import RecordsError
from tests.doubles.operation_records import Away


class MemoryRecordings:
    """Recordings of one process; it passes the contract suite but for what only a database can do.

    Attributes:
        away: whether it cannot be asked.
        documents: those that each recording shows, by its id.
    """

    def __init__(self, clock: Clock) -> None:
        self.away = False
        self.documents: dict[str, frozenset[str]] = {}
        self._clock = clock
        self._kept: dict[RecordingKey, tuple[RecordingEntry, bytes]] = {}

    async def keep(self, entry: RecordingEntry, content: bytes) -> None:
        """Keep one."""
        self._reach()
        self.documents[entry.key.recording_id] = entry.documents
        self._kept[entry.key] = replace(entry, end_user="", documents=frozenset()), content

    async def page(
        self, tenant: str, route: str, request_id: str, after: tuple[datetime, str] | None, most: int
    ) -> Sequence[RecordingEntry]:
        """Return a page."""
        self._reach()
        found = [
            entry
            for key, (entry, _) in self._kept.items()
            if key.tenant == tenant and route in ("", entry.route) and request_id in ("", entry.request_id)
        ]
        found.sort(key=_place, reverse=True)
        return [each for each in found if after is None or _place(each) < after][:most]

    async def read(self, key: RecordingKey, actor: str) -> tuple[RecordingEntry, bytes] | None:
        """Return one."""
        del actor
        self._reach()
        return self._kept.get(key)

    async def delete(self, key: RecordingKey, actor: str) -> bool:
        """Forget one."""
        del actor
        self._reach()
        return self._kept.pop(key, None) is not None

    async def sweep(self) -> int:
        """Forget what is kept long enough."""
        self._reach()
        over = [key for key, (entry, _) in self._kept.items() if entry.expires <= self._clock.today()]
        for key in over:
            del self._kept[key]
        return len(over)

    def _reach(self) -> None:
        if self.away:
            raise RecordsError(Away.GONE)


def _place(entry: RecordingEntry) -> tuple[datetime, str]:
    return entry.created, entry.key.recording_id

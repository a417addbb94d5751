"""The descriptions of a tenant's documents in memory, for what Pinecone cannot do: lists in order, and counts.

Pinecone lists ids by a prefix alone, and neither sorts nor counts what a filter selects. So the descriptions are read
once for a corpus version, all of them, and this process's own changes are entered as they end.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from groundwire_server.adapters.store.pinecone import documents as d
from groundwire_server.adapters.store.pinecone.documents import Description, Kind
from groundwire_server.adapters.store.pinecone.records import PineconeRecords
from groundwire_server.adapters.store.pinecone.state import of_kinds
from groundwire_server.domain.deadline import Deadline
from groundwire_server.ports.clock import Clock

_MOST_SECONDS: Final = 30.0
"""A catalogue is read anew after it: what it was read from may have lagged behind."""
_LAG_SECONDS: Final = 60.0
_MOST_RECENT: Final = 1_000
"""Changes of this process that a catalogue may not have been read with yet."""
_MOST_DOCUMENTS: Final = 200_000
"""In the catalogues of all tenants; that of one tenant is kept however many it has."""


@dataclass(slots=True)
class _Tenant:
    version: str
    read: float
    descriptions: dict[str, Description]


@dataclass(frozen=True, slots=True)
class _Change:
    at: float
    description: Description | None


class Catalogue:
    """Every tenant's descriptions, as far as they have been asked for.

    Args:
        records: of the sparse index.
        clock: for the age of what was read.
    """

    def __init__(self, records: PineconeRecords, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._tenants: OrderedDict[str, _Tenant] = OrderedDict()
        self._recent: OrderedDict[tuple[str, str], _Change] = OrderedDict()

    async def of(self, tenant: str, version: str, deadline: Deadline) -> Collection[Description]:
        """Return a tenant's descriptions, deleted documents' too, as of a corpus version or newer."""
        held = self._tenants.get(tenant)
        if held is None or held.version != version or self._clock.now() - held.read > _MOST_SECONDS:
            held = await self._read(tenant, version, deadline)
        self._tenants.move_to_end(tenant)
        return held.descriptions.values()

    def note(self, tenant: str, before: str, version: str, changed: Iterable[Description]) -> None:
        """Enter a change of this process that has ended.

        Args:
            tenant: whose documents it changed.
            before: the corpus version that it began with.
            version: that it made.
            changed: the documents as they are now.
        """
        self._enter(tenant, before, version, {each.key: each for each in changed})

    def note_erased(self, tenant: str, before: str, version: str, keys: Iterable[str]) -> None:
        """Enter an erasure of this process that has ended."""
        self._enter(tenant, before, version, dict.fromkeys(keys))

    def _enter(self, tenant: str, before: str, version: str, changed: "dict[str, Description | None]") -> None:
        for key, description in changed.items():
            self._recent[tenant, key] = _Change(self._clock.now(), description)
            self._recent.move_to_end((tenant, key))
        while len(self._recent) > _MOST_RECENT:
            self._recent.popitem(last=False)
        held = self._tenants.get(tenant)
        if held is not None:
            # Where another change has come between, the version keeps differing, and all is read anew.
            held.version = version if held.version == before else ""
            _apply(held.descriptions, changed)

    async def _read(self, tenant: str, version: str, deadline: Deadline) -> _Tenant:
        began = self._clock.now()
        found = self._records.all_of(tenant, of_kinds(Kind.DOCUMENT), deadline)
        read = {each[d.KEY]: d.read_description(each) async for each in found}
        recent = {
            key: change.description
            for (each, key), change in self._recent.items()
            if each == tenant and began - change.at < _LAG_SECONDS
        }
        _apply(read, recent)
        held = self._tenants[tenant] = _Tenant(version, began, read)
        total = sum(len(each.descriptions) for each in self._tenants.values())
        while total > _MOST_DOCUMENTS and len(self._tenants) > 1:
            _, dropped = self._tenants.popitem(last=False)
            total -= len(dropped.descriptions)
        return held


def _apply(descriptions: dict[str, Description], changed: "dict[str, Description | None]") -> None:
    for key, description in changed.items():
        if description is None:
            descriptions.pop(key, None)
        elif key not in descriptions or descriptions[key].info.revision <= description.info.revision:
            descriptions[key] = description

"""What is stored of documents: their descriptions, the changes that have not ended, and the corpus version."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from groundwire_server.adapters.store.known_versions import KnownVersions
from groundwire_server.adapters.store.pinecone import documents as d
from groundwire_server.adapters.store.pinecone import words
from groundwire_server.adapters.store.pinecone.documents import AnnouncedChange, Description, Kind
from groundwire_server.adapters.store.pinecone.records import AT_ONCE, Conditions, Match, PineconeRecords
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import EMPTY_VERSION
from groundwire_server.ports.clock import Clock

_MOST_CHANGES: Final = 1_000
"""Changes that have not ended, of one query."""

_CORPUS: Final[Conditions] = {d.KIND: {"$eq": Kind.CORPUS.value}}


@dataclass(frozen=True, slots=True)
class State:
    """What is stored of some documents, read in one call.

    Attributes:
        descriptions: by key, of those that were ever stored, visible or not.
        changes: of these documents, announced and not ended.
        version: of the corpus.
    """

    descriptions: Mapping[str, Description]
    changes: Sequence[AnnouncedChange]
    version: str


async def state(records: PineconeRecords, tenant: str, keys: Sequence[str], deadline: Deadline) -> State:
    """Return what is stored of some documents, with everything that this process wrote."""
    named = {"$and": [of_kinds(Kind.DOCUMENT, Kind.CHANGE), {d.KEY: {"$in": list(keys)}}]}
    limit = 1 + len(keys) + _MOST_CHANGES
    found = await records.query(tenant, words.MARK, limit, {"$or": [_CORPUS, named]}, deadline, fresh=True)
    descriptions = (d.read_description(each.metadata) for each in _of(Kind.DOCUMENT, found))
    changes = [d.read_change(each.metadata) for each in _of(Kind.CHANGE, found)]
    return State({each.key: each for each in descriptions}, changes, _version(found))


async def descriptions(
    records: PineconeRecords, tenant: str, keys: Sequence[str], deadline: Deadline, *, fresh: bool = False
) -> Mapping[str, Description]:
    """Return documents by their keys, visible or not; `fresh` is that of `PineconeRecords.query`."""
    found: dict[str, Description] = {}
    for start in range(0, len(keys), AT_ONCE):
        some = list(keys[start : start + AT_ONCE])
        condition = {"$and": [of_kinds(Kind.DOCUMENT), {d.KEY: {"$in": some}}]}
        for each in await records.query(tenant, words.MARK, len(some), condition, deadline, fresh=fresh):
            description = d.read_description(each.metadata)
            found[description.key] = description
    return found


async def changes(records: PineconeRecords, tenant: str, deadline: Deadline) -> Sequence[AnnouncedChange]:
    """Return changes of a tenant's documents that have not ended."""
    found = await records.query(tenant, words.MARK, _MOST_CHANGES, of_kinds(Kind.CHANGE), deadline, fresh=True)
    return [d.read_change(each.metadata) for each in found]


async def pieces(
    records: PineconeRecords, tenant: str, body: str, kind: Kind, wanted: Sequence[int], deadline: Deadline
) -> Mapping[int, str]:
    """Return those pieces of a body that are stored, by their numbers."""
    found: dict[int, str] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = list(wanted[start : start + AT_ONCE])
        condition = {"$and": [{d.KIND: {"$eq": kind.value}}, {d.BODY: {"$eq": body}}, {d.PART: {"$in": some}}]}
        for each in await records.query(tenant, words.MARK, len(some), condition, deadline):
            found[int(each.metadata[d.PART])] = d.piece_of(each.metadata)
    return found


def of_kinds(*kinds: Kind) -> Conditions:
    """Return the filter that selects records of some kinds."""
    return {d.KIND: {"$in": [kind.value for kind in kinds]}}


class CorpusVersions:
    """The corpus versions of all tenants: a record each, written together with the end of every change.

    Args:
        records: of the sparse index.
        clock: for the age of a version.
        lag: seconds for which a search may use a version that was read before.
    """

    def __init__(self, records: PineconeRecords, clock: Clock, lag: float) -> None:
        self._records = records
        self._known = KnownVersions(self.current, clock, lag)

    async def recent(self, tenant: str, deadline: Deadline) -> str:
        """Return the version that this process knew at most `lag` seconds ago; it knows its own changes at once."""
        return await self._known.recent(tenant, deadline)

    async def current(self, tenant: str, deadline: Deadline) -> str:
        """Return the version that is stored."""
        return _version(await self._records.query(tenant, words.MARK, 1, _CORPUS, deadline))

    def note(self, tenant: str, version: str) -> None:
        """Note that a version is stored, and that searches find what belongs to it."""
        self._known.note(tenant, version)

    def forget(self, tenant: str) -> None:
        """Forget what is known of a tenant: the next search reads it."""
        self._known.forget(tenant)


def _of(kind: Kind, found: Iterable[Match]) -> Iterable[Match]:
    return (each for each in found if each.metadata[d.KIND] == kind.value)


def _version(found: Iterable[Match]) -> str:
    return next((d.read_version(each.metadata) for each in _of(Kind.CORPUS, found)), EMPTY_VERSION)

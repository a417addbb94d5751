"""Reading the descriptions of documents."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from weaviate.classes.query import Filter as Where
from weaviate.collections.classes.filters import FilterReturn

from groundwire_server.adapters.store.weaviate import filters
from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate.collections import Objects, by_ids
from groundwire_server.adapters.store.weaviate.objects import (
    CORPUS_ID,
    DESCRIBED,
    Head,
    document_key,
    position,
    read_head,
    recency,
)
from groundwire_server.adapters.store.weaviate.pending import STORED as PENDING
from groundwire_server.adapters.store.weaviate.pending import PendingChange, pending_of, read_pending
from groundwire_server.adapters.store.weaviate.versions import MOST_BROKEN_OFF, STORED, Versions
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import DocumentOrder, Listing, Position
from groundwire_server.domain.filters import Filter

_ORDER: Final = {
    DocumentOrder.ID: p.POSITION,
    DocumentOrder.OLDEST: p.RECENCY,
    DocumentOrder.NEWEST: p.RECENCY,
}

_MOST_PENDING: Final = 1_000
"""Changes of the documents of one call that have not ended."""

_STATE: Final = tuple(dict.fromkeys([*DESCRIBED, *PENDING, *STORED]))


async def visible(documents: Objects, caller: Caller, document_id: str, deadline: Deadline) -> Head | None:
    """Return a document that exists for the caller."""
    found = await _heads(documents, caller.tenant, by_ids([document_key(document_id)]), 1, deadline)
    return next((head for head in found if head.live and caller.may_see(head.info.allowed_principals)), None)


async def page(
    documents: Objects, caller: Caller, listing: Listing, after: Position | None, limit: int, deadline: Deadline
) -> Sequence[Head]:
    """Return documents of a listing that exist for the caller; see `Corpus.page`."""
    conditions = [_existing(caller, listing.filter)]
    if after is not None:
        conditions.append(_beyond(listing, after))
    where = filters.all_of(conditions)
    if isinstance(where, bool):
        return ()
    sort_by = _ORDER[listing.order]
    found = await _heads(
        documents,
        caller.tenant,
        where,
        limit,
        deadline,
        sort_by=sort_by,
        descending=listing.order is DocumentOrder.NEWEST,
    )
    return [head for head in found if caller.may_see(head.info.allowed_principals)]


async def count(documents: Objects, caller: Caller, condition: Filter, deadline: Deadline) -> int:
    """Return how many documents exist for the caller and satisfy a filter."""
    where = _existing(caller, condition)
    return 0 if isinstance(where, bool) else await documents.count(caller.tenant, where, deadline)


@dataclass(frozen=True, slots=True)
class StoredState:
    """What is stored of some documents, read in one call.

    Attributes:
        heads: by key, of those that were ever stored, visible or not.
        pending: changes of these documents that have not ended.
        version: of the corpus.
    """

    heads: Mapping[str, Head]
    pending: Sequence[PendingChange]
    version: str


async def state(
    documents: Objects, versions: Versions, tenant: str, document_ids: Iterable[str], deadline: Deadline
) -> StoredState:
    """Return what is stored of some documents, with their changes that have not ended, and the corpus version."""
    keys = [document_key(each) for each in document_ids]
    where = Where.any_of([by_ids(keys), pending_of(keys), versions.where()])
    limit = 1 + len(keys) + _MOST_PENDING + MOST_BROKEN_OFF
    found = dict(await documents.fetch(tenant, where, _STATE, limit, deadline) or ())
    corpus = found.pop(CORPUS_ID, None)
    pending = [read_pending(each) for each in found.values() if each.get(p.PENDING)]
    heads = {key: read_head(found[key]) for key in keys if key in found}
    broken = (each.change for each in pending if each.until < versions.broken_before())
    return StoredState(heads, [each for each in pending if each.key in keys], versions.of(corpus, broken))


async def current(documents: Objects, tenant: str, keys: Sequence[str], deadline: Deadline) -> Mapping[str, Head]:
    """Return documents by their keys."""
    return {head.key: head for head in await _heads(documents, tenant, by_ids(keys), len(keys), deadline)}


async def all_after(
    documents: Objects, tenant: str, document_id: str, limit: int, deadline: Deadline
) -> Sequence[Head]:
    """Return documents that were ever stored, in the order of their ids, after one id."""
    # Positions are hexadecimal digits, two for each byte: a single one comes before every other that begins like it.
    after = position(document_id) or "0"
    where = Where.by_property(p.POSITION).greater_than(after)
    return await _heads(documents, tenant, where, limit, deadline, sort_by=p.POSITION)


def _existing(caller: Caller, condition: Filter | None) -> filters.Condition:
    """Return the filter on documents that exist for the caller and satisfy a condition."""
    narrowed = True if condition is None else filters.compiled(condition)
    return filters.all_of([Where.by_property(p.LIVE).equal(True), filters.visible_to(caller.principals), narrowed])


def _beyond(listing: Listing, after: Position) -> FilterReturn:
    """Return the filter on documents that a listing has after a position."""
    compared = Where.by_property(_ORDER[listing.order])
    match listing.order:
        case DocumentOrder.ID:
            return compared.greater_than(position(after.document_id))
        case DocumentOrder.OLDEST:
            return compared.greater_than(recency(after.document_id, after.updated))
        case DocumentOrder.NEWEST:
            return compared.less_than(recency(after.document_id, after.updated))


async def _heads(
    documents: Objects,
    tenant: str,
    where: FilterReturn,
    limit: int,
    deadline: Deadline,
    *,
    sort_by: str = "",
    descending: bool = False,
) -> Sequence[Head]:
    found = await documents.fetch(tenant, where, DESCRIBED, limit, deadline, sort_by=sort_by, descending=descending)
    return [read_head(properties) for _, properties in found or ()]

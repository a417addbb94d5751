"""Reading what is kept about documents."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from weaviate.classes.query import Filter as Where
from weaviate.collections.classes.filters import FilterReturn

from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate.collections import Objects, by_ids
from groundwire_server.adapters.store.weaviate.filters import visible_to
from groundwire_server.adapters.store.weaviate.objects import (
    CORPUS_ID,
    DESCRIBED,
    Head,
    document_key,
    position,
    read_head,
)
from groundwire_server.adapters.store.weaviate.versions import STORED
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline


async def visible(documents: Objects, caller: Caller, document_id: str, deadline: Deadline) -> Head | None:
    """A document that exists for the caller."""
    found = await _heads(documents, caller.tenant, by_ids([document_key(document_id)]), 1, deadline)
    return next((head for head in found if head.live and caller.may_see(head.info.allowed_principals)), None)


async def page(documents: Objects, caller: Caller, after: str, limit: int, deadline: Deadline) -> Sequence[Head]:
    """Documents that exist for the caller, in the order of their ids."""
    conditions = [Where.by_property(p.LIVE).equal(True), visible_to(caller)]
    if after:
        conditions.append(Where.by_property(p.POSITION).greater_than(position(after)))
    found = await _heads(documents, caller.tenant, Where.all_of(conditions), limit, deadline, sort_by=p.POSITION)
    return [head for head in found if caller.may_see(head.info.allowed_principals)]


async def with_corpus(
    documents: Objects, tenant: str, document_id: str, deadline: Deadline
) -> tuple[Head | None, Mapping[str, Any] | None] | None:
    """A document, whoever may see it, and the object that holds the corpus version; None for a new tenant."""
    key = document_key(document_id)
    found = await documents.fetch(tenant, by_ids([key, CORPUS_ID]), (*DESCRIBED, *STORED), 2, deadline)
    if found is None:
        return None
    objects = dict(found)
    return (read_head(objects[key]) if key in objects else None), objects.get(CORPUS_ID)


async def revisions(documents: Objects, tenant: str, document_ids: Iterable[str], deadline: Deadline) -> dict[str, int]:
    """The revision that counts, for each document."""
    keys = [document_key(document_id) for document_id in document_ids]
    found = await _heads(documents, tenant, by_ids(keys), len(keys), deadline)
    return {head.info.document_id: head.info.revision for head in found}


async def _heads(
    documents: Objects, tenant: str, where: FilterReturn, limit: int, deadline: Deadline, *, sort_by: str = ""
) -> Sequence[Head]:
    found = await documents.fetch(tenant, where, DESCRIBED, limit, deadline, sort_by=sort_by)
    return [read_head(properties) for _, properties in found or ()]

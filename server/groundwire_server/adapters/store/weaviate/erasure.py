"""Erasing documents: their objects, and the objects that deleted documents have left behind.

Weaviate marks deleted objects and drops them from its files when it compacts them, in its own time; removing a tenant
removes its files at once.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from groundwire_server.adapters.store.weaviate import heads
from groundwire_server.adapters.store.weaviate.collections import Objects
from groundwire_server.adapters.store.weaviate.corpus import WeaviateCorpus
from groundwire_server.adapters.store.weaviate.objects import Head, document_key
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import (
    EntireTenant,
    ErasedPlace,
    ErasedPlaceKind,
    Erasure,
    ErasurePlan,
    OneDocument,
    OneSource,
    Selection,
)
from groundwire_server.domain.failure import Failure

_AT_ONCE: Final = 100
"""Documents that one change removes."""

_NOTE: Final = "Weaviate keeps deleted objects in its files until it compacts them."


class WeaviateErasure:
    """The ErasableStore of the Weaviate store.

    Args:
        corpus: removes documents.
        documents: the collection of documents.
    """

    def __init__(self, corpus: WeaviateCorpus, documents: Objects) -> None:
        self._corpus = corpus
        self._documents = documents

    async def plan_erasure(self, caller: Caller, erasure: Erasure, limit: int, deadline: Deadline) -> ErasurePlan:
        """Return what an erasure would remove; see the port."""
        count, sample = 0, list[str]()
        async for page in self._pages(erasure, deadline):
            live = [head for head in page if head.live]
            count += len(live)
            seen = [head.info.document_id for head in live if caller.may_see(head.info.allowed_principals)]
            sample += seen[: limit - len(sample)]
        return ErasurePlan(count, tuple(sample))

    async def erase(self, erasure: Erasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Erase documents; see the port."""
        documents = passages = tombstones = 0
        complete = True
        try:
            async for page in self._pages(erasure, deadline):
                ids = [head.info.document_id for head in page]
                erased = await self._corpus.erase(erasure.tenant, ids, deadline) if ids else ()
                live = [head for head in erased if head.live]
                documents += len(live)
                passages += sum(head.info.chunk_count for head in live)
                tombstones += len(erased) - len(live)
        except Failure:
            if not documents and not tombstones:
                raise
            complete = False
        return (
            ErasedPlace(ErasedPlaceKind.DOCUMENTS, documents, complete, _NOTE),
            ErasedPlace(ErasedPlaceKind.PASSAGES, passages, complete, _NOTE),
            ErasedPlace(ErasedPlaceKind.TOMBSTONES, tombstones, complete),
        )

    async def _pages(self, erasure: Erasure, deadline: Deadline) -> AsyncIterator[Sequence[Head]]:
        """Yield the documents that an erasure names, deleted ones too, whatever their access list."""
        if isinstance(erasure.selection, OneDocument):
            key = document_key(erasure.selection.document_id)
            yield list((await heads.current(self._documents, erasure.tenant, [key], deadline)).values())
            return
        after = ""
        while page := await heads.all_after(self._documents, erasure.tenant, after, _AT_ONCE, deadline):
            after = page[-1].info.document_id
            yield [head for head in page if _selects(erasure.selection, head)]


def _selects(selection: Selection, head: Head) -> bool:
    match selection:
        case OneDocument(document_id):
            return head.info.document_id == document_id
        case OneSource():
            return selection.selects(head.info.source_uri)
        case EntireTenant():
            return True

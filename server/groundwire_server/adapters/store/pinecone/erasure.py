"""Erasing documents: their records, and what deleted and broken off ones have left behind."""

from collections.abc import Sequence
from typing import Final

from groundwire_server.adapters.store.pinecone.corpus import PineconeCorpus
from groundwire_server.adapters.store.pinecone.documents import Description
from groundwire_server.adapters.store.pinecone.pending import PineconeChanges
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

_NOTE: Final = "Pinecone keeps deleted records in its files, and in backups of the indexes, for a time of its own."


class PineconeErasure:
    """The ErasableStore of the Pinecone store.

    Args:
        corpus: removes documents.
        changes: what has broken off among them.
    """

    def __init__(self, corpus: PineconeCorpus, changes: PineconeChanges) -> None:
        self._corpus = corpus
        self._changes = changes

    async def plan_erasure(self, caller: Caller, erasure: Erasure, limit: int, deadline: Deadline) -> ErasurePlan:
        """Return what an erasure would remove; see the port."""
        live = [each.info for each in await self._selected(erasure, deadline) if each.live]
        seen = sorted(info.document_id for info in live if caller.may_see(info.allowed_principals))
        return ErasurePlan(len(live), tuple(seen[:limit]))

    async def erase(self, erasure: Erasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Erase documents; see the port."""
        documents = passages = tombstones = 0
        complete = True
        await self._changes.sweep(erasure.tenant, deadline)
        ids = [each.info.document_id for each in await self._selected(erasure, deadline)]
        try:
            for start in range(0, len(ids), _AT_ONCE):
                erased = await self._corpus.erase(erasure.tenant, ids[start : start + _AT_ONCE], deadline)
                live = [each for each in erased if each.live]
                documents += len(live)
                passages += sum(each.info.chunk_count for each in live)
                tombstones += len(erased) - len(live)
            complete = isinstance(erasure.selection, OneDocument) or not await self._changes.unfinished(
                erasure.tenant, deadline
            )
        except Failure:
            if not documents and not tombstones:
                raise
            complete = False
        return (
            ErasedPlace(ErasedPlaceKind.DOCUMENTS, documents, complete, _NOTE),
            ErasedPlace(ErasedPlaceKind.PASSAGES, passages, complete, _NOTE),
            ErasedPlace(ErasedPlaceKind.TOMBSTONES, tombstones, complete),
        )

    async def _selected(self, erasure: Erasure, deadline: Deadline) -> Sequence[Description]:
        """Return the documents that an erasure names, deleted ones too, whatever their access list."""
        found = await self._corpus.all_descriptions(erasure.tenant, deadline)
        return [each for each in found if _selects(erasure.selection, each)]


def _selects(selection: Selection, description: Description) -> bool:
    match selection:
        case OneDocument(document_id):
            return description.info.document_id == document_id
        case OneSource():
            return selection.selects(description.info.source_uri)
        case EntireTenant():
            return True

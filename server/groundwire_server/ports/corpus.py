"""Keeping documents."""

from collections.abc import Sequence
from typing import Protocol

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Chunk, Document, DocumentInfo, Stored


class Corpus(Protocol):
    """One tenant's documents. A document that the caller may not see does not exist for it.

    Every method raises Failure with STORE_UNAVAILABLE, STORE_TIMEOUT or STORE_MISCONFIGURED; `put` with
    EMBEDDER_UNAVAILABLE too, of a store that makes vectors itself.
    Every adapter passes `tests/contract/test_corpus.py`.
    """

    async def put(
        self, caller: Caller, document: Document, content_hash: str, chunks: Sequence[Chunk], deadline: Deadline
    ) -> Stored:
        """Store a document whole or not at all; the same `content_hash` as the stored one writes nothing.

        A document that exists but that the caller may not see is replaced as well: whoever may write owns the id.
        """
        ...

    async def info(self, caller: Caller, document_id: str, deadline: Deadline) -> DocumentInfo | None:
        """Describe a document."""
        ...

    async def text(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Return a document's text as it was stored."""
        ...

    async def page(self, caller: Caller, after: str, limit: int, deadline: Deadline) -> Sequence[DocumentInfo]:
        """Return at most `limit` documents that the caller may see with ids above `after`, ordered by id."""
        ...

    async def delete(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Remove a document with its chunks; return the corpus version after it, None when there was none."""
        ...

    async def version(self, caller: Caller, deadline: Deadline) -> str:
        """Return the corpus version: opaque, changed by every change, equal only for the same documents."""
        ...

"""The port of a store that keeps documents."""

from collections.abc import Sequence
from typing import Protocol

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Chunk, Document, DocumentInfo, Listing, Position, Removed, Stored
from groundwire_server.domain.filters import Filter


class Corpus(Protocol):
    """One tenant's documents. A document that the caller may not see does not exist for it.

    Every method raises Failure with STORE_UNAVAILABLE, STORE_TIMEOUT or STORE_MISCONFIGURED; `put` with
    EMBEDDER_UNAVAILABLE too, of a store that makes vectors itself.
    Every adapter passes `tests/contract/test_corpus.py`.
    """

    async def put(
        self,
        caller: Caller,
        document: Document,
        content_hash: str,
        chunks: Sequence[Chunk],
        deadline: Deadline,
        *,
        expected_revision: int | None = None,
    ) -> Stored:
        """Store a document whole or not at all; the same `content_hash` as the stored one writes nothing.

        A document that exists but that the caller may not see is replaced as well: a caller that may write owns every
        id of its tenant.

        Args:
            caller: whose tenant it is stored for.
            document: what is stored.
            content_hash: equal only for what would be stored the same.
            chunks: the pieces of its text, in order.
            deadline: when it must be stored.
            expected_revision: the revision to replace, 0 for no document; None replaces whatever is stored. What is
                stored already in the same form is not compared: a repeated call finds its own result.

        Raises:
            Rejection: REVISION_MISMATCH when another revision is stored than the expected one; nothing is changed.
        """
        ...

    async def info(self, caller: Caller, document_id: str, deadline: Deadline) -> DocumentInfo | None:
        """Describe a document."""
        ...

    async def text(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Return a document's text as it was stored."""
        ...

    async def page(
        self, caller: Caller, listing: Listing, after: Position | None, limit: int, deadline: Deadline
    ) -> Sequence[DocumentInfo]:
        """Return at most `limit` documents of a listing, in its order: those after a position, or the first."""
        ...

    async def count(self, caller: Caller, condition: Filter, deadline: Deadline) -> int:
        """Return how many documents there are whose metadata satisfies a filter."""
        ...

    async def delete(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Remove a document with its chunks; return the corpus version after it, None when there was none."""
        ...

    async def purge(self, caller: Caller, condition: Filter, deadline: Deadline) -> Removed | None:
        """Remove some of the documents whose metadata satisfies a filter: a batch that one change can hold.

        Each is removed with all of its chunks. Return None when no such document is left.
        """
        ...

    async def version(self, caller: Caller, deadline: Deadline) -> str:
        """Return the corpus version: opaque, changed by every change, equal only for the same documents."""
        ...

"""Storing a document: the path from its text to a revision that can be searched."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace

from groundwire_server.corpus.identity import chunk_id, content_hash
from groundwire_server.corpus.recent import RecentVectors
from groundwire_server.corpus.split import SETTINGS, chunks, windows
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Chunk, Document, PutState, Sentence, Stored
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.metadata import Metadata, MetadataValue
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.vector import Vector
from groundwire_server.ports.corpus import Corpus
from groundwire_server.ports.embedder import Embedder

MAX_SENTENCE_VECTORS = 10_000
"""Sentences of one document that are embedded when it is stored, 15 MB of vectors; those after them are embedded when a
question needs them."""

METADATA_LIMIT = 16 * 1024
"""The most bytes of a document's metadata: every list and every filter reads all of it. The contract states it."""

_NUMBER_BYTES = 8
_PASSAGES_ALONE = "embedded=passages"
_VISIBLE = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff]")


class Ingest:
    """Takes documents in.

    Args:
        corpus: keeps them.
        embedder: makes them searchable by meaning; without one by keyword alone.
        sentence_vectors: whether sentences are embedded too, beside the passages that they are in.
    """

    def __init__(self, corpus: Corpus, embedder: Embedder | None = None, *, sentence_vectors: bool = True) -> None:
        self._corpus = corpus
        self._embedder = embedder
        self._recent = RecentVectors(embedder) if embedder else None
        self._most_sentences = MAX_SENTENCE_VECTORS if sentence_vectors else 0
        # A document that was stored the other way is not the same: it is written again when it is ingested again.
        self._settings = SETTINGS if sentence_vectors or embedder is None else f"{SETTINGS} {_PASSAGES_ALONE}"

    async def store(self, caller: Caller, document: Document, deadline: Deadline) -> Stored:
        """Store a document whole or not at all; one that is stored already as it is costs next to nothing.

        Raises:
            Rejection: INVALID_REQUEST when there is no text, or too much metadata.
            Failure: of the store or the embedder.
        """
        if not _VISIBLE.search(document.text):
            raise Rejection.invalid(
                "document.text", "must hold more than white space and control characters", "document.text.blank"
            )
        if _size(document.metadata) > METADATA_LIMIT:
            raise Rejection.invalid(
                "document.metadata",
                f"must be at most {METADATA_LIMIT} bytes in all, keys and values",
                "document.metadata.size",
            )
        model = self._embedder.model if self._embedder else ""
        digest = await asyncio.to_thread(content_hash, document, model, self._settings)
        info = await self._corpus.info(caller, document.document_id, deadline)
        if info is not None and info.content_hash == digest:
            version = await self._corpus.version(caller, deadline)
            return Stored(PutState.UNCHANGED, info.revision, info.chunk_count, version, digest)
        prepared = await self._prepare(caller.tenant, document, deadline)
        stored = await self._corpus.put(caller, document, digest, prepared, deadline)
        return replace(stored, content_hash=digest)

    async def _prepare(self, tenant: str, document: Document, deadline: Deadline) -> list[Chunk]:
        """Cut and embed window by window, so that a long document neither blocks others nor runs on when cancelled."""
        prepared: list[Chunk] = []
        sentences_left = self._most_sentences
        for window in windows(document.text):
            cut = await asyncio.to_thread(_cut, window)
            embedded = sum(len(spans) for _, spans in cut) <= sentences_left
            if embedded:
                sentences_left -= sum(len(spans) for _, spans in cut)
            vectors = await self._embed(tenant, cut, embedded, deadline)
            for text, spans in cut:
                ordinal = len(prepared)
                prepared.append(
                    Chunk(
                        chunk_id(tenant, document.document_id, ordinal, text),
                        ordinal,
                        text,
                        vectors.get(text),
                        tuple(Sentence(start, end, vectors.get(text[start:end])) for start, end in spans),
                    )
                )
        return prepared

    async def _embed(
        self,
        tenant: str,
        cut: "Sequence[tuple[str, Sequence[tuple[int, int]]]]",
        sentences_too: bool,
        deadline: Deadline,
    ) -> dict[str, Vector]:
        if self._recent is None or not cut:
            return {}
        texts = [text for text, _ in cut]
        if sentences_too:
            texts += [text[start:end] for text, spans in cut for start, end in spans]
        return await self._recent.of(tenant, texts, deadline)


def _size(metadata: Metadata) -> int:
    return sum(len(key) + _bytes(value) for key, value in metadata.items())


def _bytes(value: MetadataValue) -> int:
    match value:
        case str():
            return len(value.encode())
        case tuple():
            return sum(len(each.encode()) for each in value)
        case _:
            return _NUMBER_BYTES


def _cut(window: str) -> list[tuple[str, list[tuple[int, int]]]]:
    return [(chunk, sentences(chunk)) for chunk in chunks(window)]

"""Ingest: the path from a document to a revision that can be searched."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, ParamSpec, TypeVar

from groundwire_server.corpus.checks import check_document
from groundwire_server.corpus.identity import chunk_id, content_hash
from groundwire_server.corpus.measure import TextMeasure
from groundwire_server.corpus.recent import RecentVectors
from groundwire_server.corpus.screening import DocumentScreen, ScreenedDocument
from groundwire_server.corpus.split import SETTINGS, Piece, split
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import (
    Chunk,
    Document,
    DocumentInfo,
    PutState,
    Sentence,
    Stored,
    check_revision,
)
from groundwire_server.domain.erasure import ErasedPlace, ErasedPlaceKind, Erasure
from groundwire_server.domain.quarantine import (
    Quarantine,
    Release,
    also_reviewing,
    as_sent,
    ingesting,
    quarantine_of,
    release_of,
)
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Priority
from groundwire_server.ports.corpus import Corpus
from groundwire_server.ports.embedder import Embedder

MAX_SENTENCE_VECTORS = 10_000
"""The most sentences of one document that are embedded when it is stored, 15 MB of vectors; the rest are embedded when
a question needs them."""

_PASSAGES_ONLY = "embedded=passages"

_SHORT: Final = 20_000
"""Code points of a text that is hashed and cut within 2 ms. Another thread would keep the interpreter as long, and
changing to it and back costs as much again."""

P = ParamSpec("P")
T = TypeVar("T")


class Ingest:
    """The path of documents into a corpus.

    Args:
        corpus: that stores them.
        embedder: of their passages and sentences; without one they are found by keyword alone.
        sentence_vectors: whether sentences are embedded in addition to passages.
        screen: what documents pass before they are stored; None lets all pass.
    """

    def __init__(
        self,
        corpus: Corpus,
        embedder: Embedder | None = None,
        *,
        sentence_vectors: bool = True,
        screen: DocumentScreen | None = None,
    ) -> None:
        self._corpus = corpus
        self._screen = screen
        self._embedder = embedder
        self._recent = RecentVectors(embedder) if embedder else None
        self._measure = TextMeasure(embedder.fill if embedder else None)
        self._most_sentences = MAX_SENTENCE_VECTORS if sentence_vectors else 0
        # A document that was stored with the other setting is not the same: the next ingest writes it again.
        self._settings = SETTINGS if sentence_vectors or embedder is None else f"{SETTINGS} {_PASSAGES_ONLY}"

    async def store(
        self, caller: Caller, document: Document, deadline: Deadline, *, expected_revision: int | None = None
    ) -> Stored:
        """Store a document whole or not at all; one that is stored already in the same form is not written again.

        One that a guard objects to is stored in quarantine, unless an operator has released the same text before.

        Args:
            caller: whose tenant it is stored for.
            document: what is stored.
            deadline: when it must be stored.
            expected_revision: the revision to replace, 0 for no document; None replaces whatever is stored.

        Raises:
            Rejection: INVALID_REQUEST when the document breaks a limit, REVISION_MISMATCH when another revision is
                stored than the expected one.
            Failure: of the store or the embedder.
        """
        check_document(document)
        digest = await self._content_hash(document)
        screened = await self._screened(caller.tenant, document)
        info = await self._corpus.info(ingesting(caller), document.document_id, deadline)
        release = await self._release_of(document, info)
        if screened.findings and not (release and release.covers(screened.findings)):
            quarantine = Quarantine(digest, screened.findings)
            held, held_hash = quarantine.hold(document), quarantine.stored_hash
            stored = await self._corpus.put(caller, held, held_hash, (), deadline, expected_revision=expected_revision)
            return replace(stored, content_hash=digest, flags=screened.flags, quarantined=True)
        if info is not None and info.content_hash == digest:
            version = await self._corpus.version(caller, deadline)
            return Stored(PutState.UNCHANGED, info.revision, info.chunk_count, version, digest, screened.flags)
        if info is not None:
            # Before the work of embedding; the corpus compares again when it writes.
            check_revision(document.document_id, expected_revision, info.revision)
        marked = document if release is None else release.mark(document)
        stored = await self._write(caller, marked, digest, expected_revision, deadline)
        return replace(stored, flags=screened.flags)

    async def release(self, caller: Caller, document_id: str, revision: int, deadline: Deadline) -> Stored | None:
        """Store a document in quarantine as it was sent, so that it is found; the same text is not held again.

        A revision that was released before is left as it is.

        Args:
            caller: sees the document once it is released.
            document_id: of the document.
            revision: that was reviewed.
            deadline: when it must be stored.

        Returns:
            None when the caller would see no such document, or it is neither in quarantine nor released.

        Raises:
            Rejection: REVISION_MISMATCH when another revision is stored than the reviewed one.
            Failure: of the store or the embedder.
        """
        info = await self._corpus.info(also_reviewing(caller), document_id, deadline)
        if info is None:
            return None
        quarantine = quarantine_of(info)
        if quarantine is None:
            return await self._released_before(caller, info, revision, deadline)
        check_revision(document_id, revision, info.revision)
        text = await self._corpus.text(also_reviewing(caller), document_id, deadline)
        if text is None:
            return None
        sent = as_sent(info)
        document = Document(
            document_id, text, sent.title, sent.source_uri, sent.metadata, sent.allowed_principals, sent.text_format
        )
        digest = await self._content_hash(document)
        release = await self._aside(document, Release.of, document, quarantine)
        # The text may have been replaced since it was described: the corpus compares the revision again.
        return await self._write(caller, release.mark(document), digest, revision, deadline)

    async def erase(self, erasure: Erasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Forget the texts of a tenant's documents that were embedded lately; see `Erasable`."""
        count = self._recent.forget(erasure.tenant) if self._recent is not None else 0
        return [ErasedPlace(ErasedPlaceKind.CACHED_TEXTS, count)]

    async def _released_before(
        self, caller: Caller, info: DocumentInfo, revision: int, deadline: Deadline
    ) -> Stored | None:
        if release_of(info) is None:
            return None
        # The release made the revision after the reviewed one.
        check_revision(info.document_id, revision, info.revision - 1)
        version = await self._corpus.version(caller, deadline)
        return Stored(PutState.UNCHANGED, info.revision, info.chunk_count, version, info.content_hash)

    async def _content_hash(self, document: Document) -> str:
        model = self._embedder.model if self._embedder else ""
        return await self._aside(document, content_hash, document, model, self._settings)

    async def _screened(self, tenant: str, document: Document) -> ScreenedDocument:
        """Screen some at a time, as `_prepare` does."""
        screened = ScreenedDocument()
        if self._screen is not None:
            looks = self._screen.look(tenant, document)
            while (found := await self._aside(document, next, looks, None)) is not None:
                screened = found
        return screened

    async def _release_of(self, document: Document, stored: DocumentInfo | None) -> Release | None:
        """Return what an operator has released of a stored document; None where it was another text."""
        release = release_of(stored) if stored is not None else None
        if release is None or not await self._aside(document, release.is_of, document):
            return None
        return release

    async def _write(
        self, caller: Caller, document: Document, digest: str, expected_revision: int | None, deadline: Deadline
    ) -> Stored:
        requester = Requester(caller.tenant, caller.subject, priority=Priority.BACKGROUND)
        prepared = await self._prepare(requester, document, deadline)
        stored = await self._corpus.put(
            caller, document, digest, prepared, deadline, expected_revision=expected_revision
        )
        return replace(stored, content_hash=digest)

    async def _prepare(self, requester: Requester, document: Document, deadline: Deadline) -> list[Chunk]:
        """Split and embed some at a time: a long document neither blocks others nor runs on when it is cancelled."""
        prepared: list[Chunk] = []
        sentences_left = self._most_sentences
        # Only their vectors make sentences worth keeping: without them the quoting model cuts passages itself.
        batches = split(document, self._measure, sentences_too=self._recent is not None)
        while (pieces := await self._aside(document, next, batches, None)) is not None:
            count = sum(len(piece.sentences) for piece in pieces)
            embedded = count <= sentences_left
            if embedded:
                sentences_left -= count
            vectors = await self._embed(requester, pieces, embedded, deadline)
            for text, place, spans in pieces:
                ordinal = len(prepared)
                prepared.append(
                    Chunk(
                        chunk_id(requester.tenant, document.document_id, ordinal, text),
                        ordinal,
                        text,
                        vectors.get(text),
                        tuple(Sentence(start, end, vectors.get(text[start:end])) for start, end in spans),
                        place,
                    )
                )
        return prepared

    async def _embed(
        self, requester: Requester, pieces: Sequence[Piece], sentences_too: bool, deadline: Deadline
    ) -> dict[str, Vector]:
        if self._recent is None or not pieces:
            return {}
        texts = [piece.text for piece in pieces]
        if sentences_too:
            texts += [piece.text[start:end] for piece in pieces for start, end in piece.sentences]
        return await self._recent.of(requester, texts, deadline)

    async def _aside(self, document: Document, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do what takes a document's length in another thread, but for a short one without an embedder's tokens."""
        if self._embedder is None and len(document.text) <= _SHORT:
            return work(*args, **kwargs)
        return await asyncio.to_thread(work, *args, **kwargs)

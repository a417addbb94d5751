"""The embedded store, with short ways to fill and to ask it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Chunk, Document, Sentence, Stored
from groundwire_server.domain.evidence import Evidence, Query
from groundwire_server.domain.filters import Filter
from groundwire_server.domain.metadata import MetadataValue
from groundwire_server.domain.vector import Vector
from groundwire_server.ports.corpus import Corpus
from groundwire_server.ports.retriever import Retriever
from groundwire_server.ports.sentence_vectors import SentenceVectors
from tests.doubles.embedder import HashingEmbedder

ALICE = Caller("acme", "alice", frozenset({"staff"}))
EVERYBODY = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Store:
    """Its three ports."""

    retriever: Retriever
    corpus: Corpus
    sentence_vectors: SentenceVectors
    embedder: HashingEmbedder

    async def put(
        self,
        document_id: str,
        *texts: str,
        caller: Caller = ALICE,
        allowed: frozenset[str] = EVERYBODY,
        metadata: dict[str, MetadataValue] | None = None,
        vectors: bool = True,
    ) -> Stored:
        """Store a document of these chunks; its hash is made of all that is given."""
        document = Document(
            document_id, "\n".join(texts), f"Title of {document_id}", "", metadata or {}, allowed_principals=allowed
        )
        chunks = [
            Chunk(
                f"{caller.tenant}/{document_id}/{place}/{text}",
                place,
                text,
                await self.vector(text) if vectors else None,
                (Sentence(0, len(text), await self.vector(text)),) if vectors else (),
            )
            for place, text in enumerate(texts)
        ]
        content_hash = repr((texts, sorted(allowed), metadata, vectors))
        return await self.corpus.put(caller, document, content_hash, chunks, NEVER)

    async def search(
        self,
        text: str,
        *,
        caller: Caller = ALICE,
        top_k: int = 10,
        condition: Filter | None = None,
        vector: bool = True,
    ) -> Evidence:
        """Search by both legs, or by keyword alone."""
        asked = await self.vector(text) if vector else None
        return await self.retriever.search(caller, Query(text, asked, top_k, condition), NEVER)

    async def found(self, text: str, **options: object) -> list[str]:
        """The ids of the documents found, best first, each once."""
        evidence = await self.search(text, **options)  # type: ignore[arg-type]
        return list(dict.fromkeys(passage.document_id for passage in evidence.passages))

    async def vector(self, text: str) -> Vector:
        """The text's vector."""
        (vector,) = await self.embedder.embed([text], NEVER)
        return vector


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Store]:
    """The embedded store, in a file."""
    embedder = HashingEmbedder()
    embedding = Embedding(embedder.model, embedder.dimensions)
    store = EmbeddedStore.open(folder / "store.sqlite3", SystemClock(), embedding, readers=2)
    try:
        yield Store(store.retriever, store.corpus, store.sentence_vectors, embedder)
    finally:
        store.close()

"""The stores that every contract suite runs over, and short ways to fill and to ask them.

Another adapter is one more opener, here and in conftest.py.
"""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, TypeAlias, TypeVar

import weaviate
from weaviate.auth import AuthApiKey

from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.adapters.store.pinecone.options import PineconeOptions
from groundwire_server.adapters.store.pinecone.store import PineconeStore
from groundwire_server.adapters.store.weaviate.corpus import WeaviateCorpus
from groundwire_server.adapters.store.weaviate.options import (
    SearchMode,
    SearchOptions,
    VectorizerOptions,
    VectorSource,
    WeaviateOptions,
)
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Chunk, Document, Stored
from groundwire_server.domain.evidence import Evidence, Passage, Query
from groundwire_server.domain.filters import Filter
from groundwire_server.domain.metadata import Metadata
from groundwire_server.domain.vector import Vector
from groundwire_server.options import Options
from groundwire_server.options.secret import Secret
from groundwire_server.ports.corpus import Corpus
from groundwire_server.ports.erasable import ErasableStore
from groundwire_server.ports.recording import Recording, unrecorded
from groundwire_server.ports.retriever import Retriever
from groundwire_server.ports.sentence_vectors import SentenceVectors
from tests.doubles.pinecone.server import FakePinecone
from tests.doubles.store import MemoryStore
from tests.doubles.weaviate.server import FakeWeaviate
from tests.doubles.weaviate.vectorizer import marked, plain

ALICE = Caller("acme", "alice", frozenset({"alice", "staff"}))
BOB = Caller("acme", "bob", frozenset({"bob"}))
STRANGER = Caller("globex", "alice", frozenset({"alice", "staff"}))
"""Of another tenant, where the same principals are other people."""

ALL = frozenset({EVERYBODY})

DIMENSIONS = 8
AXES = VectorSource("axes", DIMENSIONS)


@dataclass(frozen=True, slots=True)
class Store:
    """One engine behind its ports."""

    retriever: Retriever
    corpus: Corpus
    sentence_vectors: SentenceVectors
    erasure: ErasableStore | None = field(default=None, kw_only=True)
    vectorizes: ClassVar[bool] = False
    """Whether it makes the vectors itself, so that no passage is without."""

    async def put(
        self,
        document_id: str,
        *chunks: str | Chunk,
        caller: Caller = ALICE,
        metadata: Metadata | None = None,
        allowed: frozenset[str] = ALL,
    ) -> Stored:
        """Store a document of these chunks; its hash is made of all that is given."""
        whole = [
            Chunk(f"{document_id}/{place}", place, given) if isinstance(given, str) else given
            for place, given in enumerate(chunks)
        ]
        text = "\n".join(chunk.text for chunk in whole)
        document = Document(
            document_id, text, f"Title of {document_id}", f"file:{document_id}", metadata or {}, allowed
        )
        return await self.corpus.put(caller, document, repr((document, whole)), whole, NEVER)

    async def search(
        self,
        text: str,
        vector: Vector | None = None,
        top_k: int = 10,
        *,
        caller: Caller = ALICE,
        condition: Filter | None = None,
        alpha: float | None = None,
    ) -> Evidence:
        return await self.retriever.search(caller, Query(text, vector, top_k, condition, alpha=alpha), NEVER)

    async def found(
        self,
        text: str,
        vector: Vector | None = None,
        top_k: int = 10,
        *,
        caller: Caller = ALICE,
        condition: Filter | None = None,
        alpha: float | None = None,
    ) -> list[str]:
        """The ids of the chunks found, best first."""
        evidence = await self.search(text, vector, top_k, caller=caller, condition=condition, alpha=alpha)
        return [passage.chunk_id for passage in evidence.passages]

    async def around(self, found: Evidence, reach: int, *, caller: Caller = ALICE) -> tuple[Passage, ...]:
        """The neighbours of what was found."""
        return (await self.retriever.around(caller, found.passages, reach, NEVER)).passages

    async def still_visible(self, found: Sequence[Passage], *, caller: Caller = ALICE) -> set[str]:
        """The ids of those that stand as they were found."""
        return set((await self.retriever.still_visible(caller, found, NEVER)).chunk_ids)


@dataclass(frozen=True, slots=True)
class VectorizingStore(Store):
    """A store that makes vectors of texts: they carry those that the suite gives, where nobody sees them.

    Attributes:
        keyword: searches by words alone, which is what a question without a vector means.
    """

    keyword: Retriever
    vectorizes: ClassVar[bool] = True

    async def search(
        self,
        text: str,
        vector: Vector | None = None,
        top_k: int = 10,
        *,
        caller: Caller = ALICE,
        condition: Filter | None = None,
        alpha: float | None = None,
    ) -> Evidence:
        retriever = self.keyword if vector is None else self.retriever
        query = Query(marked(text, vector), None, top_k, condition, alpha=alpha)
        found = await retriever.search(caller, query, NEVER)
        return replace(found, passages=tuple(replace(each, text=plain(each.text)) for each in found.passages))


class _Marking:
    """A Corpus whose chunks carry their vectors in their texts."""

    def __init__(self, inner: WeaviateCorpus) -> None:
        self._inner = inner
        self.info, self.text, self.page, self.count = inner.info, inner.text, inner.page, inner.count
        self.delete, self.purge, self.version = inner.delete, inner.purge, inner.version

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
        carrying = [replace(each, text=marked(each.text, each.vector), vector=None) for each in chunks]
        return await self._inner.put(
            caller, document, content_hash, carrying, deadline, expected_revision=expected_revision
        )


Opener: TypeAlias = Callable[[Path], AbstractAsyncContextManager[Store]]


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Store]:
    """The embedded store, in a file."""
    embedding = Embedding("axes", DIMENSIONS)
    with closing(EmbeddedStore.open(folder / "store.sqlite3", SystemClock(), embedding, readers=2)) as store:
        yield Store(store.retriever, store.corpus, store.sentence_vectors, erasure=store.erasure)


REAL = "WEAVIATE_HTTP"
"""HOST:PORT of a Weaviate to test against; WEAVIATE_GRPC is that of its gRPC interface, WEAVIATE_KEY the API key."""

MODULE = "WEAVIATE_MODULE"
"""A module of that Weaviate's whose model is `tests/doubles/weaviate/vectorizer.py`, such as text2vec-transformers."""

MODULE_VECTORS = VectorSource(module=VectorizerOptions(module=os.environ.get(MODULE, "text2vec-transformers")))

_COLLECTIONS = count()


@asynccontextmanager
async def weaviate_double(folder: Path) -> AsyncIterator[Store]:
    """The Weaviate adapter, over the wire to the double."""
    async with FakeWeaviate() as double, opened_weaviate(weaviate_options(double)) as store:
        double.world.keep_calls = False
        yield Store(store.retriever, store.corpus, store.sentence_vectors, erasure=store.erasure)


def weaviate_options(double: FakeWeaviate) -> WeaviateOptions:
    return WeaviateOptions(
        http=f"127.0.0.1:{double.http_port}",
        grpc=f"127.0.0.1:{double.grpc_port}",
        api_key=secret(double.world.key),
    )


def secret(value: str | None) -> Secret | None:
    return Secret("env://TEST", value) if value else None


AnyOptions = TypeVar("AnyOptions", bound=Options)


def altered(options: AnyOptions, **changes: Any) -> AnyOptions:
    """The same options with some changed, and checked again."""
    return options.model_validate({**dict(options), **changes})


@asynccontextmanager
async def vectorizing_double(folder: Path) -> AsyncIterator[Store]:
    """The same with a module of Weaviate's that makes the vectors."""
    async with FakeWeaviate() as double, opened_weaviate(weaviate_options(double), vectors=MODULE_VECTORS) as store:
        double.world.keep_calls = False
        yield _vectorizing(store)


@asynccontextmanager
async def real_vectorizing(folder: Path) -> AsyncIterator[Store]:
    """A Weaviate that runs, with the module that the environment names before something like the double's model."""
    options = real_options()
    async with opened_weaviate(options, vectors=MODULE_VECTORS) as store:
        yield _vectorizing(store)
    await dropped(options)


def _vectorizing(store: WeaviateStore) -> Store:
    keyword = store.searched(SearchOptions(mode=SearchMode.KEYWORD))
    return VectorizingStore(
        store.retriever, _Marking(store.corpus), store.sentence_vectors, keyword, erasure=store.erasure
    )


@asynccontextmanager
async def real_weaviate(folder: Path) -> AsyncIterator[Store]:
    """A Weaviate that runs, with collections of its own."""
    options = real_options()
    async with opened_weaviate(options) as store:
        yield Store(store.retriever, store.corpus, store.sentence_vectors, erasure=store.erasure)
    await dropped(options)


def real_options() -> WeaviateOptions:
    """The Weaviate that the environment names, with a collection that no other test has."""
    return WeaviateOptions(
        http=os.environ[REAL],
        grpc=os.environ["WEAVIATE_GRPC"],
        api_key=secret(os.environ.get("WEAVIATE_KEY")),
        collection=f"Contract{os.getpid()}x{next(_COLLECTIONS)}",
    )


async def dropped(options: WeaviateOptions) -> None:
    """Remove a store's collections, and all that is in them."""
    (host, port), (grpc_host, grpc_port) = map(_host_and_port, (options.http, options.grpc))
    async with weaviate.use_async_with_custom(
        host,
        port,
        http_secure=False,
        grpc_host=grpc_host,
        grpc_port=grpc_port,
        grpc_secure=False,
        auth_credentials=AuthApiKey(options.api_key.reveal()) if options.api_key else None,
        skip_init_checks=True,
    ) as client:
        await client.collections.delete([options.collection, options.documents])


@asynccontextmanager
async def opened_weaviate(
    options: WeaviateOptions, recording: Recording | None = None, vectors: VectorSource = AXES
) -> AsyncIterator[WeaviateStore]:
    """The Weaviate store with its schema applied."""
    store = WeaviateStore.open(options, vectors, SystemClock(), recording or unrecorded())
    try:
        await store.schema.apply(await store.schema.plan(NEVER), NEVER)
        yield store
    finally:
        await store.close()


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


@asynccontextmanager
async def pinecone_double(folder: Path) -> AsyncIterator[Store]:
    """The Pinecone adapter, over the wire to the double."""
    async with FakePinecone(DIMENSIONS) as double, opened_pinecone(pinecone_options(double)) as store:
        double.world.keep_calls = False
        yield Store(store.retriever, store.corpus, store.sentence_vectors, erasure=store.erasure)


def pinecone_options(double: FakePinecone) -> PineconeOptions:
    return PineconeOptions(
        sparse_host=double.sparse_host,
        dense_host=double.dense_host,
        api_key=Secret("env://TEST", double.world.key),
    )


@asynccontextmanager
async def opened_pinecone(
    options: PineconeOptions, recording: Recording | None = None, dimensions: int = DIMENSIONS
) -> AsyncIterator[PineconeStore]:
    """The Pinecone store."""
    store = PineconeStore.open(options, dimensions, SystemClock(), recording or unrecorded())
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def memory(folder: Path) -> AsyncIterator[Store]:
    """The double."""
    store = MemoryStore()
    yield Store(store, store, store)


def chunk(chunk_id: str, text: str, vector: Vector | None = None, ordinal: int = 0) -> Chunk:
    return Chunk(chunk_id, ordinal, text, vector)


def near(axis: int, closeness: float = 1.0) -> Vector:
    """A unit vector whose cosine with the axis is `closeness`; what is left points along the last axis."""
    vector = Vector("f", bytes(4 * DIMENSIONS))
    vector[axis] = closeness
    if closeness < 1.0:
        vector[DIMENSIONS - 1] = (1.0 - closeness**2) ** 0.5
    return vector


def closenesses(count: int) -> Sequence[float]:
    """Cosines from near to far."""
    return [1.0 - (place + 1) / (count + 1) for place in range(count)]

"""A store as routes and document calls take it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from groundwire_server.adapters.store.weaviate.options import SearchOptions
from groundwire_server.ports.corpus import Corpus
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.erasable import Erasable, ErasableStore
from groundwire_server.ports.retriever import Retriever
from groundwire_server.ports.sentence_vectors import SentenceVectors


@dataclass(frozen=True, slots=True)
class Store:
    """A store with what makes it searchable.

    Attributes:
        sentence_vectors: None where the store is to keep none.
        searched: the same store searched in a route's own way; None when there is but one.
        vectorizer: what makes vectors within the store, where no embedder does; empty where nothing does.
        place: where it keeps the documents; two stores of one place hold the same.
        document_count: returns how many documents all tenants have; None where that is not known.
        erasable: the same store, for erasing documents; None where that is not offered.
        texts: what holds texts or vectors of its documents in memory.
        recover: finishes or undoes changes that broke off, and returns how many; None where none can break off.
    """

    retriever: Retriever
    corpus: Corpus
    embedder: Embedder | None = None
    sentence_vectors: SentenceVectors | None = None
    searched: Callable[[SearchOptions], "Store"] | None = None
    vectorizer: str = ""
    place: str = ""
    document_count: Callable[[], Awaitable[int]] | None = None
    erasable: ErasableStore | None = None
    texts: tuple[Erasable, ...] = ()
    recover: Callable[[], Awaitable[int]] | None = None

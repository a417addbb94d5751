"""What a configuration names, opened: each part once, and closed when nobody uses it any more."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from groundwire_server.adapters.generator.extractive import ExtractiveGenerator
from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.failure import Unusable
from groundwire_server.ports.corpus import Corpus
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.generator import Generator
from groundwire_server.ports.retriever import Retriever
from groundwire_server.ports.sentence_vectors import SentenceVectors

if TYPE_CHECKING:
    from groundwire_server.app.configuration.models import parts as models
    from groundwire_server.app.configuration.models.configuration import Configuration

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Store:
    """A store with what makes it searchable."""

    retriever: Retriever
    corpus: Corpus
    embedder: Embedder | None = None
    sentence_vectors: SentenceVectors | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one configuration, by their names in it: those that a route or the document calls need.

    Attributes:
        corpus: the store that document calls keep documents in.
    """

    stores: Mapping[str, Store]
    generators: Mapping[str, Generator]
    corpus: Store


@dataclass(slots=True)
class _Open(Generic[T]):
    value: T
    close: Callable[[], None]
    users: int = 0


@dataclass(frozen=True, slots=True)
class _StoreKey:
    file: Path
    embedder: Hashable


@dataclass(slots=True)
class Lease:
    """The use of parts, until it is given back."""

    parts: Parts
    keys: list[Hashable] = field(default_factory=list)


class Keeper:
    """Opens parts. What two configurations have in common stays open from the one to the other."""

    def __init__(self) -> None:
        self._open: dict[Hashable, _Open[Any]] = {}

    async def lease(self, configuration: "Configuration") -> Lease:
        """Open what the configuration names, or take what is open already.

        Raises:
            Unusable: when a store cannot be opened as it is.
            ImportError: when an extra is not installed that a part needs.
            OSError: when a folder cannot be had.
        """
        keys: list[Hashable] = []
        try:
            return Lease(await self._parts(configuration, keys), keys)
        except BaseException:
            self._release(keys)
            raise

    def release(self, lease: Lease) -> None:
        """Give parts back; those that nobody else uses are closed, in the reverse of their order."""
        self._release(lease.keys)

    def _release(self, keys: list[Hashable]) -> None:
        while keys:
            key = keys.pop()
            self._open[key].users -= 1
            if not self._open[key].users:
                self._open.pop(key).close()

    async def _parts(self, configuration: "Configuration", keys: list[Hashable]) -> Parts:
        routes = configuration.routes.values()
        models = {name: configuration.models[name] for route in routes for name in route.models}
        named = {*(route.store for route in routes), *(m.store for m in models.values() if m.store)}
        stores = {
            name: await self._store(name, configuration, keys) for name in sorted(named | {configuration.corpus_store})
        }
        generators = {name: _extractive(model, stores) for name, model in models.items()}
        return Parts(stores, generators, stores[configuration.corpus_store])

    async def _store(self, name: str, configuration: "Configuration", keys: list[Hashable]) -> Store:
        section = configuration.stores[name]
        embedder = None
        if section.embedder is not None:
            model = configuration.embedders[section.embedder]
            embedder = await self._kept(("embedder", model), keys, lambda: _minilm(model))
        file = section.folder.absolute() / "store.sqlite3"

        async def opened() -> tuple[Store, Callable[[], None]]:
            embedding = None if embedder is None else Embedding(embedder.model, embedder.dimensions)
            store = await asyncio.to_thread(EmbeddedStore.open, file, SystemClock(), embedding)
            return Store(store.retriever, store.corpus, embedder, store.sentence_vectors), store.close

        key = _StoreKey(file, None if section.embedder is None else configuration.embedders[section.embedder])
        if any(isinstance(other, _StoreKey) and other.file == file and other != key for other in self._open):
            raise Unusable(f"the store in {section.folder} is open with another embedder: restart the server")
        return await self._kept(key, keys, opened)

    async def _kept(
        self, key: Hashable, keys: list[Hashable], opened: Callable[[], Awaitable[tuple[T, Callable[[], None]]]]
    ) -> T:
        if key not in self._open:
            self._open[key] = _Open(*await opened())
        kept = self._open[key]
        kept.users += 1
        keys.append(key)
        value: T = kept.value
        return value


def _extractive(model: "models.Extractive", stores: Mapping[str, Store]) -> Generator:
    store = stores[model.store] if model.store else None
    return ExtractiveGenerator(store.embedder, store.sentence_vectors) if store else ExtractiveGenerator(None, None)


async def _minilm(model: "models.MiniLm") -> tuple[Embedder, Callable[[], None]]:
    # Imported here: it brings half of the memory that the server takes.
    from groundwire_server.adapters.embedder.caching import CachingEmbedder  # noqa: PLC0415
    from groundwire_server.adapters.embedder.minilm import MiniLm, Model  # noqa: PLC0415

    local = MiniLm(await asyncio.to_thread(Model))
    return CachingEmbedder(local, model.cache), local.close

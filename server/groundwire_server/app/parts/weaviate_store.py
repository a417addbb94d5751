"""Stores in a Weaviate."""

import asyncio
import logging
from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from groundwire_server.adapters.store.weaviate.failures import StoreFailure, WeaviateFault
from groundwire_server.adapters.store.weaviate.migration import Schema, Step
from groundwire_server.adapters.store.weaviate.options import (
    SearchMode,
    SearchOptions,
    VectorizerOptions,
    VectorSource,
)
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.stores import WeaviateStoreConfig
from groundwire_server.app.parts.embedders import cached_texts
from groundwire_server.app.parts.shared import Lease, TenantWeights
from groundwire_server.app.parts.store import Store
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure, SetupError
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.recording import Recording

_LOOK_SECONDS = 5.0
_PASSING = frozenset({WeaviateFault.UNAVAILABLE, WeaviateFault.SLOW, WeaviateFault.OVERLOADED})
"""Faults that a server starts with all the same: they may be over before the first call."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _ConnectionKey:
    section: WeaviateStoreConfig
    vectors: str
    headers: Hashable


async def open_weaviate(
    name: str,
    section: WeaviateStoreConfig,
    embedder: Embedder | None,
    module: VectorizerOptions | None,
    lease: Lease,
    recording: Recording,
) -> Store:
    """Return the store in a Weaviate.

    Args:
        name: of the store.
        section: says which.
        embedder: makes it searchable by meaning.
        module: of Weaviate's that does so in its place.
        lease: of the configuration.
        recording: takes spans and metrics.

    Raises:
        OSError: when the file of authorities cannot be read.
        SetupError: when Weaviate refuses the credential, or its schema is not what the configuration asks for.
    """
    vectors = vector_source(embedder, module)
    headers = {} if module is None else module.headers()
    key = _ConnectionKey(section, vectors.name, frozenset(headers.items()))
    opened = await lease.take(key, lambda: _open(name, section, vectors, lease.weights, recording))
    return _store(opened, section, embedder, module)


@asynccontextmanager
async def _open(
    name: str, section: WeaviateStoreConfig, vectors: VectorSource, weights: TenantWeights, recording: Recording
) -> AsyncIterator[WeaviateStore]:
    clock = SystemClock()
    store = WeaviateStore.open(section, vectors, clock, recording, weights)
    try:
        await _look(name, store.schema, clock)
        yield store
    finally:
        await store.close()


def vector_source(embedder: Embedder | None, module: VectorizerOptions | None) -> VectorSource:
    """Return what makes the vectors of a store with this embedder or module."""
    if embedder is None:
        return VectorSource(module=module)
    return VectorSource(embedder.model, embedder.dimensions, module)


def unapplied(name: str, steps: Sequence[Step]) -> str:
    """Return what an operator is told about a store whose schema is not what it should be."""
    more = f" and {len(steps) - 1} more" if len(steps) > 1 else ""
    return f"stores.{name}: {steps[0]}{more}: run `groundwire corpus apply`"


def _store(
    opened: WeaviateStore, section: WeaviateStoreConfig, embedder: Embedder | None, module: VectorizerOptions | None
) -> Store:
    def searched(search: SearchOptions) -> Store:
        # A search by words alone needs no vector of the question.
        words_alone = search.mode is SearchMode.KEYWORD
        return Store(
            opened.searched(search),
            opened.corpus,
            None if words_alone else embedder,
            sentences,
            searched,
            "" if words_alone else vectorizer,
            place,
            opened.probe.documents,
            recover=opened.recovery.sweep,
        )

    sentences = opened.sentence_vectors if section.sentence_vectors and module is None else None
    vectorizer = "" if module is None else module.name
    place = f"{section.http}/{section.collection}"
    return Store(
        opened.retriever,
        opened.corpus,
        embedder,
        sentences,
        searched,
        vectorizer,
        place,
        opened.probe.documents,
        erasable=opened.erasure,
        texts=cached_texts(embedder),
        recover=opened.recovery.sweep,
    )


async def _look(name: str, schema: Schema, clock: Clock) -> None:
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            steps = await schema.plan(Deadline(clock.now() + _LOOK_SECONDS))
    except StoreFailure as failure:
        if failure.fault not in _PASSING:
            raise SetupError(f"stores.{name}: {failure.fault}") from None
        _log.warning("the store cannot be looked at yet; it is tried again with each call", extra={"store": name})
    except (Failure, TimeoutError):
        _log.warning("the store cannot be looked at yet; it is tried again with each call", extra={"store": name})
    else:
        if steps:
            raise SetupError(unapplied(name, steps))

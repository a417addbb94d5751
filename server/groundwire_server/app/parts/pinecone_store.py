"""Stores in Pinecone."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from groundwire_server.adapters.store.pinecone.failures import PineconeFailure, PineconeFault
from groundwire_server.adapters.store.pinecone.probe import PineconeProbe
from groundwire_server.adapters.store.pinecone.store import PineconeStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.stores import PineconeStoreConfig
from groundwire_server.app.parts.embedders import cached_texts
from groundwire_server.app.parts.shared import Lease, TenantWeights
from groundwire_server.app.parts.store import Store
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure, SetupError
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.recording import Recording

_LOOK_SECONDS = 5.0
_PASSING = frozenset({PineconeFault.UNAVAILABLE, PineconeFault.SLOW, PineconeFault.THROTTLED, PineconeFault.OTHER})
"""Faults that a server starts with all the same: they may be over before the first call."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _ConnectionKey:
    section: PineconeStoreConfig
    dimensions: int


async def open_pinecone(
    name: str, section: PineconeStoreConfig, embedder: Embedder | None, lease: Lease, recording: Recording
) -> Store:
    """Return the store in Pinecone.

    Args:
        name: of the store.
        section: says which.
        embedder: makes it searchable by meaning.
        lease: of the configuration.
        recording: takes spans and metrics.

    Raises:
        SetupError: when Pinecone refuses the credential, or its indexes are not what the configuration asks for.
    """
    dimensions = 0 if embedder is None else embedder.dimensions
    key = _ConnectionKey(section, dimensions)
    opened = await lease.take(key, lambda: _open(name, section, dimensions, lease.weights, recording))
    return Store(
        opened.retriever,
        opened.corpus,
        embedder,
        opened.sentence_vectors if section.sentence_vectors else None,
        place=section.sparse_host,
        erasable=opened.erasure,
        texts=cached_texts(embedder),
        recover=opened.recovery.sweep,
    )


@asynccontextmanager
async def _open(
    name: str, section: PineconeStoreConfig, dimensions: int, weights: TenantWeights, recording: Recording
) -> AsyncIterator[PineconeStore]:
    clock = SystemClock()
    store = PineconeStore.open(section, dimensions, clock, recording, weights)
    try:
        await _look(name, store.probe, clock)
        yield store
    finally:
        await store.close()


async def _look(name: str, probe: PineconeProbe, clock: Clock) -> None:
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            wrong = await probe.mismatches(Deadline(clock.now() + _LOOK_SECONDS))
    except PineconeFailure as failure:
        if failure.fault not in _PASSING:
            raise SetupError(f"stores.{name}: {failure.fault}") from None
        _log.warning("the store cannot be looked at yet; it is tried again with each call", extra={"store": name})
    except (Failure, TimeoutError):
        _log.warning("the store cannot be looked at yet; it is tried again with each call", extra={"store": name})
    else:
        if wrong:
            raise SetupError(f"stores.{name}: {wrong[0]}: create one as the page about Pinecone says")

"""Examines a Weaviate store, as a server would use it, without changing anything."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from opentelemetry.trace import NoOpTracer

from groundwire_server.adapters.store.weaviate.failures import StoreFailure
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.stores import WeaviateStoreConfig
from groundwire_server.app.parts.embedders import module_of, open_embedder
from groundwire_server.app.parts.shared import Shared
from groundwire_server.app.parts.weaviate_store import vector_source
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure

_SECONDS = 10.0
_OLDEST, _NEWEST = (1, 33), (1, 40)
_VERSION = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing about a store.

    Attributes:
        check: `store`, or `schema`.
        well: whether it is as it should be; None where it works but should be looked at.
        says: what was seen.
        do: what to do about it.
    """

    check: str
    well: bool | None
    says: str
    do: str = ""


def look_at(section: WeaviateStoreConfig, configuration: Configuration) -> Sequence[Seen]:
    """Examine a store: version, credential, schema, gRPC."""
    return asyncio.run(_looked_at(section, configuration))


@asynccontextmanager
async def opened(section: WeaviateStoreConfig, configuration: Configuration) -> AsyncIterator[WeaviateStore]:
    """Yield the store of a section, whatever its state.

    Raises:
        ImportError: when an extra that the embedder needs is not installed.
        OSError: when a file that the section names cannot be read.
    """
    lease = Shared().lease()
    try:
        embedder = await open_embedder(section.embedder, configuration, lease, NoOpTracer())
        vectors = vector_source(embedder, module_of(section.embedder, configuration))
        store = WeaviateStore.open(section, vectors, SystemClock(), NoOpTracer())
        try:
            yield store
        finally:
            await store.close()
    finally:
        await lease.end()


async def _looked_at(section: WeaviateStoreConfig, configuration: Configuration) -> Sequence[Seen]:
    seen: list[Seen] = []
    try:
        async with opened(section, configuration) as store:
            by = Deadline(SystemClock().now() + _SECONDS)
            seen.append(_version(await store.probe.version(by)))
            steps = await store.schema.plan(by)
            seen += [Seen("schema", well=False, says=f"{step}", do="run `groundwire corpus apply`") for step in steps]
            if not steps:
                seen.append(Seen("schema", well=True, says="the collections match the configuration"))
                said = f"it accepts the credential on both ports; tenants: {await store.probe.tenants(by)}"
                seen.append(Seen("store", well=True, says=said))
    except StoreFailure as failure:
        says, _, do = failure.fault.partition(": ")
        seen.append(Seen("store", well=False, says=says, do=do or "see to it that it answers faster"))
    except Failure:
        seen.append(Seen("store", well=False, says=f"it did not respond in {_SECONDS:g} s", do="check its load"))
    except (ImportError, OSError) as failed:
        seen.append(Seen("store", well=False, says=f"it cannot be examined: {failed}", do="correct that first"))
    return seen


def _version(told: str) -> Seen:
    found = _VERSION.match(told)
    known = (int(found[1]), int(found[2])) if found else (0, 0)
    if known < _OLDEST:
        return Seen("store", well=False, says=f"it is Weaviate {told}", do="use 1.33 to 1.40")
    if known > _NEWEST:
        return Seen("store", well=None, says=f"it is Weaviate {told}", do="try it first: tested up to 1.40")
    return Seen("store", well=True, says=f"it is Weaviate {told}")

"""Examines a Pinecone store, as a server would use it, without changing anything."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from groundwire_server.adapters.store.pinecone.failures import PineconeFailure
from groundwire_server.adapters.store.pinecone.store import PineconeStore
from groundwire_server.app.check_result import CheckResult
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.stores import PineconeStoreConfig
from groundwire_server.app.parts.embedders import open_embedder
from groundwire_server.app.parts.shared import Shared
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.ports.recording import unrecorded

_SECONDS = 10.0


def examine_pinecone(section: PineconeStoreConfig, configuration: Configuration) -> Sequence[CheckResult]:
    """Examine a store: its credential, and the kind, metric and dimension of its indexes."""
    return asyncio.run(_examined(section, configuration))


def describe_pinecone(section: PineconeStoreConfig, configuration: Configuration) -> Mapping[str, Any]:
    """Return what a store's indexes say about themselves as JSON; or its `error`."""
    return asyncio.run(_described(section, configuration))


@asynccontextmanager
async def _opened(section: PineconeStoreConfig, configuration: Configuration) -> AsyncIterator[PineconeStore]:
    lease = Shared().lease()
    try:
        embedder = await open_embedder(section.embedder, configuration, lease, unrecorded())
        dimensions = 0 if embedder is None else embedder.dimensions
        store = PineconeStore.open(section, dimensions, SystemClock(), unrecorded())
        try:
            yield store
        finally:
            await store.close()
    finally:
        await lease.end()


async def _described(section: PineconeStoreConfig, configuration: Configuration) -> Mapping[str, Any]:
    try:
        async with _opened(section, configuration) as store:
            found = await store.probe.stats(Deadline(SystemClock().now() + _SECONDS))
    except PineconeFailure as failure:
        return {"error": failure.fault.message}
    except (Failure, ImportError, OSError) as failed:
        return {"error": str(failed)}
    return {
        key: {
            "kind": stats.kind,
            "metric": stats.metric,
            "dimensions": stats.dimensions,
            "records": stats.records,
            "tenants": len(stats.tenants),
        }
        for key, stats in found
    }


async def _examined(section: PineconeStoreConfig, configuration: Configuration) -> Sequence[CheckResult]:
    try:
        async with _opened(section, configuration) as store:
            by = Deadline(SystemClock().now() + _SECONDS)
            wrong = await store.probe.mismatches(by)
            tenants = await store.probe.tenants(by)
    except PineconeFailure as failure:
        return [CheckResult.fail("store", failure.fault.message, failure.fault.advice or "check its status page")]
    except Failure:
        return [CheckResult.fail("store", f"it did not respond in {_SECONDS:g} s", "check its status page")]
    except (ImportError, OSError) as failed:
        return [CheckResult.fail("store", f"it cannot be examined: {failed}", "correct that first")]
    if wrong:
        return [CheckResult.fail("schema", each, "create an index as the page about Pinecone says") for each in wrong]
    message = f"the indexes are as they should be, and accept the credential; tenants: {len(tenants)}"
    return [CheckResult.ok("store", message)]

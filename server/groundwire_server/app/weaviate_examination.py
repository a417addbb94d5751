"""Examines a Weaviate store, as a server would use it, without changing anything but what is to be repaired."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from typing import Any

from groundwire_server.adapters.store.weaviate.failures import StoreFailure
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.app.check_result import CheckResult
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.stores import WeaviateStoreConfig
from groundwire_server.app.parts.embedders import module_of, open_embedder
from groundwire_server.app.parts.shared import Shared
from groundwire_server.app.parts.weaviate_store import vector_source
from groundwire_server.app.weaviate_documents import examine_documents
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.ports.recording import unrecorded

_SECONDS = 10.0
_NAMED = 5
_OLDEST, _NEWEST = (1, 33), (1, 40)
_VERSION = re.compile(r"(\d+)\.(\d+)")


def examine_weaviate(
    section: WeaviateStoreConfig, configuration: Configuration, *, repair: bool = False
) -> Sequence[CheckResult]:
    """Examine a store: version, modules, credential, schema, gRPC, documents.

    Args:
        section: the store.
        configuration: that holds the section.
        repair: whether to repair documents that are not as they should be.
    """
    return asyncio.run(_examined(section, configuration, repair=repair))


def describe_weaviate(section: WeaviateStoreConfig, configuration: Configuration) -> Mapping[str, Any]:
    """Return a store's version, modules and collections as JSON; or its `error`."""
    return asyncio.run(_described(section, configuration))


@asynccontextmanager
async def opened(section: WeaviateStoreConfig, configuration: Configuration) -> AsyncIterator[WeaviateStore]:
    """Yield the store of a section, whatever its state.

    Raises:
        ImportError: when an extra that the embedder needs is not installed.
        OSError: when a file that the section names cannot be read.
    """
    lease = Shared().lease()
    try:
        embedder = await open_embedder(section.embedder, configuration, lease, unrecorded())
        vectors = vector_source(embedder, module_of(section.embedder, configuration))
        store = WeaviateStore.open(section, vectors, SystemClock(), unrecorded())
        try:
            yield store
        finally:
            await store.close()
    finally:
        await lease.end()


async def _described(section: WeaviateStoreConfig, configuration: Configuration) -> Mapping[str, Any]:
    try:
        async with opened(section, configuration) as store:
            by = Deadline(SystemClock().now() + _SECONDS)
            meta = await store.probe.meta(by)
            collections = await store.schema.current(by)
    except StoreFailure as failure:
        return {"error": failure.fault.message}
    except (Failure, ImportError, OSError) as failed:
        return {"error": str(failed)}
    return {"version": meta.version, "modules": sorted(meta.modules), "collections": dict(collections)}


async def _examined(
    section: WeaviateStoreConfig, configuration: Configuration, *, repair: bool
) -> Sequence[CheckResult]:
    found: list[CheckResult] = []
    try:
        async with opened(section, configuration) as store:
            by = Deadline(SystemClock().now() + _SECONDS)
            meta = await store.probe.meta(by)
            found.append(_version(meta.version))
            if (module := module_of(section.embedder, configuration)) is not None:
                found.append(_module(module.module, meta.modules))
            steps = await store.schema.plan(by)
            found += [CheckResult.fail("schema", str(step), "run `groundwire corpus apply`") for step in steps]
            if not steps:
                found.append(CheckResult.ok("schema", "the collections match the configuration"))
                message = f"it accepts the credential on both ports; tenants: {await store.probe.tenants(by)}"
                found.append(CheckResult.ok("store", message))
                found += [each async for each in examine_documents(store, repair=repair)]
    except StoreFailure as failure:
        advice = failure.fault.advice or "check its load"
        found.append(CheckResult.fail("store", failure.fault.message, advice))
    except Failure:
        found.append(CheckResult.fail("store", f"it did not respond in {_SECONDS:g} s", "check its load"))
    except (ImportError, OSError) as failed:
        found.append(CheckResult.fail("store", f"it cannot be examined: {failed}", "correct that first"))
    return found


def _module(needed: str, enabled: Set[str]) -> CheckResult:
    if needed in enabled:
        return CheckResult.ok("store", f"it has the module {needed}")
    vectorizers = sorted(each for each in enabled if each.startswith("text2vec-"))
    more = f" and {len(vectorizers) - _NAMED} more" if len(vectorizers) > _NAMED else ""
    message = f"it lacks the module {needed}; it has {', '.join(vectorizers[:_NAMED]) or 'none'}{more}"
    return CheckResult.fail("store", message, "add it to ENABLE_MODULES of Weaviate, or correct the embedder")


def _version(version: str) -> CheckResult:
    numbers = _VERSION.match(version)
    known = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    message = f"it is Weaviate {version}"
    if known < _OLDEST:
        return CheckResult.fail("store", message, "use 1.33 to 1.40")
    if known > _NEWEST:
        return CheckResult.warn("store", message, "try it first: tested up to 1.40")
    return CheckResult.ok("store", message)

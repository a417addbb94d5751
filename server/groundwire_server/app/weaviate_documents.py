"""Examines the documents in a Weaviate store: whether each is whole, and whether anything is left of others."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from groundwire_server.adapters.store.weaviate.inspection import Findings
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.app.check_result import CheckResult
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure

_CHECK: Final = "documents"
_NAMED: Final = 5
_EXAMINE_SECONDS: Final = 30.0
_REPAIR_SECONDS: Final = 3600.0


async def examine_documents(store: WeaviateStore, *, repair: bool) -> AsyncIterator[CheckResult]:
    """Yield results for the tenants of a store whose documents are not as they should be, and one for the others.

    Args:
        store: whose collections match the configuration.
        repair: whether to repair what is found; it takes the time that it takes.

    Raises:
        StoreFailure: when a call fails.
    """
    clock = SystemClock()
    by = Deadline(clock.now() + (_REPAIR_SECONDS if repair else _EXAMINE_SECONDS))
    tenants = await store.probe.active_tenants()
    whole = 0
    for place, tenant in enumerate(tenants):
        try:
            findings = await store.inspection.inspect(tenant, by)
            if not findings.count:
                whole += 1
            elif repair:
                await store.inspection.repair(tenant, findings, by)
                yield CheckResult.ok(_CHECK, f"tenant {tenant}: repaired {_described(findings)}")
            else:
                yield CheckResult.fail(_CHECK, f"tenant {tenant}: {_described(findings)}", _advice(findings))
        except Failure:
            if by.remaining(clock.now()):
                raise
            message = f"{place} of {len(tenants)} tenants were examined in {_EXAMINE_SECONDS:g} s"
            yield CheckResult.skip(_CHECK, message, "`groundwire doctor --repair` takes the time that it needs")
            return
    yield CheckResult.ok(_CHECK, f"all documents are whole in {whole} of {len(tenants)} tenants")


def _described(findings: Findings) -> str:
    incomplete = [head.info.document_id for head in findings.incomplete]
    broken_off = sorted({each.document_id for each in findings.broken_off})
    parts = [
        (broken_off, f"changes of {len(broken_off)} documents that broke off ({_some(broken_off)})"),
        (findings.orphans, f"{len(findings.orphans)} passages that belong to no document"),
        (incomplete, f"{len(incomplete)} documents that are not whole ({_some(incomplete)})"),
    ]
    return "; ".join(text for found, text in parts if found)


def _some(names: Sequence[str]) -> str:
    more = ", …" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _advice(findings: Findings) -> str:
    if findings.incomplete:
        return "run `groundwire doctor --repair`, which removes them, and ingest them again"
    return "run `groundwire doctor --repair`; a server repairs what broke off by itself"

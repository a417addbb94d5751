"""The registry of prompts and experiments in the records: what looks for its changes, and what calls of it need."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.experiments.definition import read_experiment
from groundwire_server.app.registry_watch import RegistryWatch
from groundwire_server.domain.prompts.finding import PromptFinding
from groundwire_server.domain.prompts.registry import PromptRegistry, PromptVersion, UnknownPromptError
from groundwire_server.edge.prompts import PromptCalls, PromptHeader
from groundwire_server.prompts.changing import PromptChanges

if TYPE_CHECKING:
    from groundwire_server.adapters.records.opening import OpenedRecords


def open_registry(configuration: Configuration, records: "OpenedRecords | None") -> RegistryWatch | None:
    """Return what looks for changes of the registry; None where no tenant manages prompts.

    Args:
        configuration: names the tenant.
        records: the database.
    """
    tenant = configuration.prompts.managed_by
    if records is None or tenant is None:
        return None
    # Imported here: a server without records starts without what speaks SQL.
    from groundwire_server.adapters.records.registry.sql import SqlPromptRecords  # noqa: PLC0415

    kept = SqlPromptRecords(records.database, records.sealing, SystemClock(), tenant, read_experiment)
    return RegistryWatch(kept)


def prompt_calls(
    configuration: Configuration, registry: PromptRegistry, watch: RegistryWatch | None
) -> PromptCalls | None:
    """Return what calls of prompts need, by one configuration; None where no tenant manages prompts.

    Args:
        configuration: has the routes.
        registry: what is in force.
        watch: looks for changes.
    """
    if watch is None:
        return None

    def faults(changed: PromptRegistry) -> Sequence[str]:
        return list(_route_faults(configuration, changed))

    changes = PromptChanges(watch.records, registry, _Lint(), faults)
    routes = {name: route.prompt.name for name, route in configuration.routes.items()}
    return PromptCalls(registry, watch.records, changes, routes, _header, watch.refresh)


def _route_faults(configuration: Configuration, registry: PromptRegistry) -> Iterator[str]:
    for name, route in configuration.routes.items():
        try:
            registry.required(route.prompt.name, route.prompt.wanted)
        except UnknownPromptError as unknown:
            yield f"routes.{name}.prompt: {unknown}"


class _Lint:
    def findings(self, name: str, version: str, text: str) -> Sequence[PromptFinding]:
        return [PromptFinding(1, True, "a broken block")] if "broken" in text else []


def _header(version: PromptVersion) -> PromptHeader:
    return PromptHeader()

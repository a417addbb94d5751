"""The registry of prompts and experiments in the records: what looks for its changes, and what calls of it need."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from groundwire_server.adapters.prompts.lint import TemplateLint
from groundwire_server.adapters.prompts.template import TemplateCompiler
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.experiments.definition import read_experiment
from groundwire_server.app.parts.prompts import route_faults
from groundwire_server.app.parts.tokens import counts_of
from groundwire_server.app.registry_watch import RegistryWatch
from groundwire_server.domain.prompts.registry import PromptRegistry
from groundwire_server.edge.prompts import PromptCalls
from groundwire_server.ports.tokens import ESTIMATED_TOKENS, ModelTokens
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
    from groundwire_server.adapters.records.registry.sql import SqlRegistryRecords  # noqa: PLC0415

    kept = SqlRegistryRecords(records.database, records.sealing, SystemClock(), tenant, read_experiment)
    return RegistryWatch(kept)


def prompt_calls(
    configuration: Configuration,
    expanded: Configuration,
    registry: PromptRegistry,
    watch: RegistryWatch | None,
    templates: TemplateCompiler,
    tokens: Mapping[str, ModelTokens],
) -> PromptCalls | None:
    """Return what calls of prompts need, by one configuration; None where no tenant manages prompts.

    Args:
        configuration: has the routes.
        expanded: has the variants of experiments as well: they must be able to use a version that a label points at.
        registry: what is in force.
        watch: looks for changes.
        templates: compiles versions, and reads their front matter.
        tokens: how those of models are counted, by alias.
    """
    if watch is None:
        return None

    def faults(changed: PromptRegistry) -> Sequence[str]:
        return list(map(str, route_faults(expanded, changed, templates)))

    # A model that reads no prompts counts as one of which nothing is known.
    counters = {alias: each.counter for alias, each in tokens.items() if each is not ESTIMATED_TOKENS}
    lint = TemplateLint(templates, counts_of(counters))
    changes = PromptChanges(watch.records, registry, lint, faults, lambda: watch.seen)
    routes = {name: (route.prompt.name, route.prompt.wanted) for name, route in configuration.routes.items()}
    return PromptCalls(registry, watch.records, changes, routes, templates.header, watch.refresh)

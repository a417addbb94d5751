"""Opening a configuration with its experiments: one that cannot be opened is set aside, and the others serve."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol, TypeVar

from groundwire_server.adapters.prompts.template import TemplateCompiler
from groundwire_server.app.configuration.errors import ConfigError
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.references import check_references
from groundwire_server.app.experiments.variants import Check, ExpandedConfiguration, expanded, in_order
from groundwire_server.app.parts.prompts import route_faults
from groundwire_server.domain.experiments.experiment import Experiment, ExperimentState
from groundwire_server.domain.failure import Failure, SetupError
from groundwire_server.domain.prompts.registry import PromptRegistry
from groundwire_server.ports.registry_records import RegistryState

_UNUSABLE: Final = (Failure, SetupError, ImportError, OSError)
"""What says that a part of a configuration cannot be opened."""

_log = logging.getLogger(__name__)


class Closable(Protocol):
    """What was opened for a configuration."""

    async def close(self) -> None:
        """Close it."""
        ...


T = TypeVar("T", bound=Closable)


async def open_expanded(
    configuration: Configuration,
    state: RegistryState,
    registry: PromptRegistry,
    templates: TemplateCompiler,
    now: datetime,
    opened: Callable[[ExpandedConfiguration], Awaitable[T]],
) -> T:
    """Open a configuration with the variants of its experiments; without those that cannot be used.

    Args:
        configuration: verified.
        state: has the experiments.
        registry: has the prompts that arms may name.
        templates: compiles them.
        now: of the wall clock.
        opened: opens an expanded configuration.

    Raises:
        Failure: of the configuration itself, as `opened` does; SetupError, ImportError and OSError as well.
    """
    check, experiments = checked_with(registry, templates), in_order(state.experiments)

    async def with_those(those: Sequence[Experiment]) -> ExpandedConfiguration:
        # Variants are validated, and prompts compiled that only they use: calls go on beside it.
        return await asyncio.to_thread(expanded, configuration, those, now, check)

    whole = await with_those(experiments)
    try:
        return await opened(whole)
    except _UNUSABLE:
        if not whole.variants:
            raise
    broken: dict[str, list[ConfigError]] = {}
    for experiment in whole.in_use:
        try:
            await (await opened(await with_those([experiment]))).close()
        except _UNUSABLE as wrong:
            broken[experiment.name] = [ConfigError((), str(wrong), experiment.name)]
    rest = await with_those([each for each in experiments if each.name not in broken])
    over = {each.name for each in experiments if each.state(now) is ExperimentState.ENDED}
    aside = {name: errors for name, errors in broken.items() if name not in over}
    return await opened(replace(rest, faults={**rest.faults, **aside}))


def checked_with(registry: PromptRegistry, templates: TemplateCompiler) -> Check:
    """Return what yields what is wrong with a configuration between its sections, and by a registry of prompts."""

    def check(configuration: Configuration) -> Iterator[ConfigError]:
        yield from check_references(configuration)
        yield from route_faults(configuration, registry, templates)

    return check


def report_faults(faults: Mapping[str, str], before: Mapping[str, str]) -> None:
    """Log each experiment that is set aside, unless it was before for the same reason.

    Args:
        faults: why, by the names of experiments.
        before: the same of the configuration before.
    """
    for name, why in faults.items():
        if before.get(name) != why:
            _log.error(
                "an experiment is set aside: the route answers its calls", extra={"experiment": name, "why": why}
            )

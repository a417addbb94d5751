"""What calls of experiments need, by one configuration and one state of the registry."""

from collections.abc import Sequence
from datetime import datetime

from groundwire_server.adapters.prompts.template import TemplateCompiler
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.errors import ConfigError, InvalidConfigurationError
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.experiments.definition import read_experiment
from groundwire_server.app.experiments.variants import ExpandedConfiguration, expanded, in_order
from groundwire_server.app.parts.experiment_opening import checked_with
from groundwire_server.app.registry_watch import RegistryWatch
from groundwire_server.domain.experiments.experiment import Experiment
from groundwire_server.domain.failure import Violation
from groundwire_server.domain.prompts.registry import PromptRegistry
from groundwire_server.edge.experiments import ExperimentCalls
from groundwire_server.experiments.changes import FIELD, ExperimentChanges
from groundwire_server.ports.experiments import ExperimentResults
from groundwire_server.ports.registry_records import RegistryState


def experiment_calls(
    configuration: Configuration,
    state: RegistryState,
    registry: PromptRegistry,
    templates: TemplateCompiler,
    opened: ExpandedConfiguration,
    watch: RegistryWatch | None,
    results: ExperimentResults | None,
) -> ExperimentCalls | None:
    """Return what calls of experiments need; None where no tenant manages them.

    Args:
        configuration: without variants.
        state: has the experiments.
        registry: has the prompts that arms may name.
        templates: compiles them.
        opened: the configuration with the variants that are in use.
        watch: looks for changes.
        results: what came of calls; None as well.
    """
    if watch is None or results is None:
        return None
    clock, check = SystemClock(), checked_with(registry, templates)

    def faults(experiment: Experiment, others: Sequence[Experiment]) -> Sequence[Violation]:
        # Behind the others: what runs already is no fault of its own.
        found = expanded(configuration, [*others, experiment], clock.today(), check).faults
        return [_violation(each) for each in found.get(experiment.name, ())]

    changes = ExperimentChanges(watch.records, in_order(state.experiments), _read, faults, clock, lambda: watch.seen)
    return ExperimentCalls(watch.records, changes, opened.reasons, state.revision, clock, watch.refresh, results)


def _read(definition: str, start: datetime) -> tuple[Experiment | None, Sequence[Violation]]:
    try:
        return read_experiment(definition, start, FIELD), ()
    except InvalidConfigurationError as invalid:
        return None, [_violation(each) for each in invalid.errors]


def _violation(error: ConfigError) -> Violation:
    """Return a violation, which names the line of the definition."""
    _, _, line = error.origin.rpartition(":")
    origin = f"{FIELD}:{line}" if line.isdecimal() else FIELD
    return Violation(FIELD, str(ConfigError(error.path, error.message, origin)), "experiment.definition")

"""What the calls of ExperimentService need."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from groundwire_server.experiments.changes import ExperimentChanges
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.experiments import ExperimentResults
from groundwire_server.ports.registry_records import RegistryRecords


@dataclass(frozen=True, slots=True)
class ExperimentCalls:
    """Experiments as calls see them, by one configuration and one state of the registry.

    Attributes:
        records: keep them.
        changes: makes changes.
        faults: why an experiment is set aside, in a line, by its name.
        revision: counts the changes that are in force.
        clock: of the wall, by which they begin and end.
        refresh: has this process use what the records hold now; it leaves what is in use where they cannot be read.
        results: what came of calls.
    """

    records: RegistryRecords
    changes: ExperimentChanges
    faults: Mapping[str, str]
    revision: int
    clock: Clock
    refresh: Callable[[], Awaitable[None]]
    results: ExperimentResults

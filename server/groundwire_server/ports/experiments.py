"""The ports of experiments' results: what came of the calls of each unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from groundwire_server.domain.experiments.experiment import Assignment, Metric
from groundwire_server.domain.experiments.observation import ArmSums, UnitKey, UnitSums
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome


class ExperimentRecorder(Protocol):
    """Takes what came of calls. It never waits, and never fails."""

    def outcome(self, inquiry: Inquiry, outcome: Outcome) -> None:
        """Note how a call has ended that belongs to arms; the others are left out here."""
        ...

    def later(self, assignments: Sequence[Assignment], unit_of: Inquiry, metric: Metric, amount: float = 1.0) -> None:
        """Note what became known of a call afterwards, such as feedback."""
        ...


@dataclass(frozen=True, slots=True)
class ResultBatch:
    """What a process writes at once.

    Attributes:
        number: one more than that of the batch before; a batch that is written again is counted once.
        cut: when it was cut off.
    """

    number: int
    cut: datetime
    sums: Mapping[UnitKey, UnitSums]


class ExperimentResults(Protocol):
    """The results in the database. Every method raises RecordsError when the database cannot be asked."""

    async def write(self, process: str, batch: ResultBatch) -> None:
        """Add a batch, in one transaction, unless it is there already."""
        ...

    async def arms(self, experiment: str) -> tuple[Sequence[ArmSums], datetime | None]:
        """Return the sums of each arm, and until when calls are counted."""
        ...

    async def sweep(self) -> int:
        """Forget the units of experiments that ended long enough ago; return how many rows are gone."""
        ...

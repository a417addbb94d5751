"""The ports of experiments' results: what came of the calls of each unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from groundwire_server.domain.experiments.experiment import Assignment, Metric
from groundwire_server.domain.experiments.observation import ArmSums, UnitKey, UnitSums
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.requester import Requester


class ExperimentRecorder(Protocol):
    """Takes what came of calls. It never waits, and never fails."""

    def outcome(self, assignments: Sequence[Assignment], requester: Requester, outcome: Outcome) -> None:
        """Note how a call has ended, once a call."""
        ...

    def answered_later(self, assignments: Sequence[Assignment], requester: Requester, outcome: Outcome) -> None:
        """Note what a worker has made of a queued question, whose call was counted when it was queued."""
        ...

    def later(self, assignments: Sequence[Assignment], requester: Requester, values: Mapping[Metric, float]) -> None:
        """Note what became known of a call afterwards, such as feedback; of a unit without calls it is left out."""
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
    """The results in the database.

    Every adapter passes `tests/contract/experiments`. Every method raises RecordsError when the database cannot be
    asked.
    """

    async def write(self, process: str, batch: ResultBatch) -> None:
        """Add a batch, in one transaction, unless it is there already.

        Sums without calls are added to units that have some, and left out of others; so are those of an experiment that
        is not kept.
        """
        ...

    async def close(self, process: str) -> None:
        """Say that nothing of a process is missing: it has ended."""
        ...

    async def arms(self, experiment: str) -> tuple[Sequence[ArmSums], datetime]:
        """Return the sums of each arm that has calls, and until when calls are counted."""
        ...

    async def sweep(self) -> int:
        """Forget some of the units of experiments that ended long enough ago; return how many rows are gone."""
        ...

"""The port of prompts and experiments that are changed at run time: kept where every process reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from groundwire_server.domain.experiments.experiment import ArmEnd, Experiment
from groundwire_server.domain.prompts.registry import PromptLabel, PromptVersion


@dataclass(frozen=True, slots=True)
class RegistryState:
    """All that the records hold, as of one revision.

    Attributes:
        revision: counts the changes; a state of the same revision is the same.
    """

    revision: int = 0
    versions: tuple[PromptVersion, ...] = ()
    labels: tuple[PromptLabel, ...] = ()
    experiments: tuple[Experiment, ...] = ()


@dataclass(frozen=True, slots=True)
class PromptChange:
    """A version that was pushed, or a label that was set; see `PromptChange` of the contract."""

    revision: int
    at: datetime
    actor: str
    prompt: str
    label: str
    version: str
    previous: str
    reason: str


class PromptRecords(Protocol):
    """Keeps versions, labels and experiments; each change is one transaction with its entry of the audit trail.

    Every adapter passes `tests/contract/prompts`. Every method raises RecordsError when the database cannot be asked.
    """

    async def revision(self) -> int:
        """Return the number of changes so far: one cheap read."""
        ...

    async def state(self) -> RegistryState:
        """Return all of it, as of one revision; of experiments those that have not ended, and those that ended last."""
        ...

    async def push(self, version: PromptVersion, reason: str) -> int:
        """Add a version; return the revision. The same text again changes nothing.

        Raises:
            Rejection: PROMPT_VERSION_EXISTS.
        """
        ...

    async def set_label(self, label: PromptLabel, expected: str | None) -> tuple[PromptLabel, int]:
        """Point a label at a version; return it as it is kept, with the revision.

        Args:
            label: its `previous` is what the records have.
            expected: what it must point at now; None compares nothing, empty means that there must be none.

        Raises:
            Rejection: PROMPT_LABEL_CHANGED.
        """
        ...

    async def changes(self, prompt: str, before: int | None, most: int) -> Sequence[PromptChange]:
        """Return changes, the newest first: those before a revision, of one prompt or, where it is empty, of all."""
        ...

    async def apply(self, experiment: Experiment, expected: str, reason: str) -> tuple[Experiment, int]:
        """Keep an experiment; return it with its etag, and the revision.

        Args:
            experiment: as it is to be; `actor` is who changes it.
            expected: the etag that it must have now; empty compares nothing.
            reason: in the actor's words.

        Raises:
            Rejection: EXPERIMENT_CHANGED, EXPERIMENT_ENDED.
        """
        ...

    async def end_arms(self, experiment: str, ends: Sequence[ArmEnd]) -> tuple[Experiment, int]:
        """End arms; those that have ended stay as they are. Return the experiment, and the revision.

        Raises:
            Rejection: EXPERIMENT_NOT_FOUND.
        """
        ...

    async def experiments(self, route: str, after: tuple[datetime, str] | None, most: int) -> Sequence[Experiment]:
        """Return experiments, those that started last first, behind a start and name."""
        ...

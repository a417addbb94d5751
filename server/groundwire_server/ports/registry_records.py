"""The port of prompts and experiments that are changed at run time: kept where every process reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from groundwire_server.domain.experiments.experiment import ArmEnd, Experiment
from groundwire_server.domain.failure import GroundwireError
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
    rolled_back: bool = False


class RegistryMovedError(GroundwireError):
    """A change was checked by a revision that is not the last any more: check it again."""

    def __init__(self) -> None:
        super().__init__("another change came first: check this one again")


class RegistryRecords(Protocol):
    """Keeps versions, labels and experiments; each change is one transaction with its entry of the audit trail.

    An experiment whose definition this server cannot read, such as one of a newer server, is left out of what is
    returned.

    Every adapter passes `tests/contract/registry`. Every method raises RecordsError when the database cannot be asked.
    """

    async def revision(self) -> int:
        """Return the number of changes so far: one cheap read."""
        ...

    async def state(self) -> RegistryState:
        """Return all of it, as of one revision; of experiments those that have not ended, and those that ended last."""
        ...

    async def push(self, version: PromptVersion, reason: str, in_force: str) -> int:
        """Add a version; return the revision. The same text again changes nothing.

        Args:
            version: its origin and its time are the records' own.
            reason: in the author's words.
            in_force: the number that `production` points at from now on where the records have no such label for the
                prompt; empty sets none.

        Raises:
            Rejection: PROMPT_VERSION_EXISTS; PROMPT_INVALID where there is no room for another.
        """
        ...

    async def set_label(
        self, label: PromptLabel, expected: str | None, checked: int | None = None
    ) -> tuple[PromptLabel, int]:
        """Point a label at a version; return it as it is kept, with the revision. Setting it again changes nothing.

        Args:
            label: its `previous` is what it pointed at before, where the records have no such label yet.
            expected: what it must point at in the records now; None compares nothing, empty means that they must have
                no such label.
            checked: the revision by which the change was found to be right; None compares nothing.

        Raises:
            Rejection: PROMPT_LABEL_CHANGED.
            RegistryMovedError: when there is a change since that revision.
        """
        ...

    async def roll_back(self, label: PromptLabel, expected: str, checked: int | None = None) -> tuple[PromptLabel, int]:
        """Point a label at what it pointed at before; return it as it is kept, with the revision.

        Going back again goes back further, to what it pointed at before that, and never returns to what was left.

        Args:
            label: with the version to go back to, which its `previous` must be in the records.
            expected: what it must point at in the records now.
            checked: as for `set_label`.

        Raises:
            Rejection: PROMPT_LABEL_CHANGED.
            RegistryMovedError: as for `set_label`.
        """
        ...

    async def changes(self, prompt: str, before: int | None, most: int) -> Sequence[PromptChange]:
        """Return changes, the newest first: those before a revision, of one prompt or, where it is empty, of all."""
        ...

    async def apply(
        self, experiment: Experiment, expected: str, reason: str, checked: int | None = None
    ) -> tuple[Experiment, int]:
        """Keep an experiment; return it with its etag, and the revision.

        Args:
            experiment: as it is to be; `actor` is who changes it.
            expected: the etag that it must have now; empty compares nothing.
            reason: in the actor's words.
            checked: as for `set_label`.

        Raises:
            Rejection: EXPERIMENT_CHANGED, EXPERIMENT_ENDED; EXPERIMENT_INVALID where there is no room for another.
            RegistryMovedError: as for `set_label`.
        """
        ...

    async def end_arms(self, experiment: str, ends: Sequence[ArmEnd]) -> tuple[Experiment, int]:
        """End arms; those that have ended stay as they are. Return the experiment, and the revision.

        Raises:
            Rejection: EXPERIMENT_NOT_FOUND.
        """
        ...

    async def experiment(self, name: str) -> Experiment | None:
        """Return an experiment; None where there is none."""
        ...

    async def experiments(self, route: str, after: tuple[datetime, str] | None, most: int) -> Sequence[Experiment]:
        """Return experiments, those that started last first, behind a start and name."""
        ...

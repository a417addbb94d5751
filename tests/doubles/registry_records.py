"""A registry in memory, which can be away for a while, for what only reads its state."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from groundwire_server.domain.failure import Fault
from groundwire_server.domain.prompts.registry import PromptLabel, PromptVersion
from groundwire_server.ports.operations import RecordsError
from groundwire_server.ports.registry_records import RegistryRecords, RegistryState


class Away(Fault):
    """What the records say while they cannot be asked."""

    GONE = ("the database is away", "start it")


class StatefulRegistryRecords:
    """A state that a test changes; of `ports.registry_records.RegistryRecords` it has what reads the state.

    Attributes:
        kept: the state.
        away: whether the database cannot be asked.
        reads: how often the whole state was read.
    """

    def __init__(self) -> None:
        self.kept = RegistryState()
        self.away = False
        self.reads = 0

    @property
    def port(self) -> RegistryRecords:
        """The port, for what only reads the state."""
        return cast("RegistryRecords", self)

    def change(
        self, *, versions: Sequence[PromptVersion] | None = None, labels: Sequence[PromptLabel] | None = None
    ) -> RegistryState:
        """Change the state, as another process would; return it."""
        self.kept = replace(
            self.kept,
            revision=self.kept.revision + 1,
            versions=self.kept.versions if versions is None else tuple(versions),
            labels=self.kept.labels if labels is None else tuple(labels),
        )
        return self.kept

    async def revision(self) -> int:
        """Return the number of changes."""
        self._ask()
        return self.kept.revision

    async def state(self) -> RegistryState:
        """Return the state."""
        self._ask()
        self.reads += 1
        return self.kept

    def _ask(self) -> None:
        if self.away:
            raise RecordsError(Away.GONE)

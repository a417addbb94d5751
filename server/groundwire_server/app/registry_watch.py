"""The watch for changes of prompts and experiments, which other processes may have made in the records."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.operations import RecordsError
from groundwire_server.ports.registry_records import RegistryRecords, RegistryState

POLL_SECONDS: Final = 0.5
"""How often the records are asked for changes, give or take `_JITTER`."""

_JITTER: Final = 0.2
"""The share of a pause that is drawn: processes that began together do not ask together."""

_log = logging.getLogger(__name__)


class RegistryWatch:
    """Has a process use each state of the records soon after it is there.

    While the records cannot be read, what is in use stays in use.

    Args:
        records: keep the state.
        drawn: returns a number from 0 to 1.

    Attributes:
        records: keep the state.
    """

    def __init__(self, records: RegistryRecords, drawn: Callable[[], float] = random.random) -> None:
        self.records = records
        self._drawn = drawn
        self._seen: int | None = None
        self._use: Callable[[RegistryState], Awaitable[object]] | None = None
        self._looking = asyncio.Lock()
        self._away = False

    @property
    def seen(self) -> int | None:
        """The revision of the state that was looked at last, whether or not it is in use; None before the first."""
        return self._seen

    async def begin(self) -> RegistryState:
        """Return the state to begin with.

        Raises:
            SetupError: when the records cannot be read.
        """
        try:
            state = await self.records.state()
        except RecordsError as failed:
            raise SetupError(f"prompts and experiments cannot be read from the records: {failed}") from None
        self._seen = state.revision
        return state

    def follow(self, use: Callable[[RegistryState], Awaitable[object]]) -> None:
        """Have later states used.

        Args:
            use: takes a state, or leaves the one in use where it is invalid.
        """
        self._use = use

    async def refresh(self) -> None:
        """Use what is in the records now; while they cannot be read, change nothing.

        A caller that has changed something has it in use in this process afterwards.
        """
        async with self._looking:
            try:
                await self._look()
            except RecordsError as failed:
                if not self._away:
                    about = {"why": str(failed)}
                    _log.warning("changes of prompts and experiments cannot be read; those in use stay", extra=about)
                self._away = True
                return
            if self._away:
                _log.info("changes of prompts and experiments can be read again")
            self._away = False

    async def keep(self) -> NoReturn:
        """Look for changes until this is cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS * (1 + _JITTER * (2 * self._drawn() - 1)))
            await self.refresh()

    async def _look(self) -> None:
        # A state of the same revision is the same; records that were restored from a backup may have fewer.
        if self._use is None or await self.records.revision() == self._seen:
            return
        state = await self.records.state()
        await self._use(state)
        self._seen = state.revision

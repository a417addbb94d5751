"""What keeps the queue in order beside its workers: ending what has expired, and measuring how much there is."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Final, NoReturn

from groundwire_server.domain.vocabulary import OperationState
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Metrics, Reading
from groundwire_server.ports.operations import OperationRecords, QueueDepth, RecordsError
from groundwire_server.telemetry import metrics

SECONDS: Final = 15.0
"""Between the end of a round and the next."""

_log = logging.getLogger(__name__)


class QueueUpkeep:
    """Sweeps and measures again and again; several processes may do it at once.

    Args:
        records: the queue.
        clock: of the wall.
        recorder: reads how much there is.
    """

    def __init__(self, records: OperationRecords, clock: Clock, recorder: Metrics) -> None:
        self._records = records
        self._clock = clock
        self._depth = QueueDepth({})
        recorder.watch(metrics.QUEUE_WAITING, self, lambda upkeep: upkeep.counted(OperationState.QUEUED))
        recorder.watch(metrics.QUEUE_HALTED, self, lambda upkeep: upkeep.counted(OperationState.HALTED))
        recorder.watch(metrics.QUEUE_OLDEST_AGE, self, lambda upkeep: [((), upkeep.oldest_age)])

    @property
    def oldest_age(self) -> float:
        """Seconds that the oldest question has waited which waited at the last look; 0 where none did."""
        oldest = self._depth.oldest
        return 0.0 if oldest is None else max(0.0, (self._clock.today() - oldest).total_seconds())

    def counted(self, state: OperationState) -> Iterable[Reading]:
        """Return how many operations were in a state at the last look."""
        return [((), self._depth.counts.get(state, 0))]

    async def keep(self) -> NoReturn:
        """Do a round, and the next after a while, until this is cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(SECONDS)

    async def round(self) -> None:
        """Sweep and measure once; a database that cannot be asked is asked again in the next round."""
        try:
            changed = await self._records.sweep()
            self._depth = await self._records.depth(None)
        except RecordsError as error:
            _log.warning("the queue was not swept", extra={"why": str(error.fault)})
            return
        if changed:
            _log.info("queued answers were swept", extra={"operations": changed})

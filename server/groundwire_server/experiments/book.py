"""What came of a process's calls in experiments: summed in memory, and written to the database again and again."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NoReturn
from uuid import uuid4

from groundwire_server.domain.experiments.counting import values_of, values_of_worker
from groundwire_server.domain.experiments.experiment import Assignment, ExperimentUnit, Metric
from groundwire_server.domain.experiments.latency import latency_bucket
from groundwire_server.domain.experiments.observation import UnitKey, UnitSums
from groundwire_server.domain.failure import Fault
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.requester import Requester
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.experiments import ExperimentResults, ResultBatch
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.operations import RecordsError
from groundwire_server.telemetry import metrics

WRITE_SECONDS: Final = 1.0
"""Between the end of a batch and the next: what a crash may leave uncounted."""

HEARTBEAT_SECONDS: Final = 5.0
"""Between batches of a process that has nothing to write."""

SWEEP_SECONDS: Final = 3600.0
"""Between two sweeps of what is kept long enough."""

MOST_UNITS: Final = 20_000
"""Units that wait in memory: a second of a busy server, or some minutes of a database that is away."""

CLOSE_SECONDS: Final = 5.0
"""How long a process that ends waits for its last batch."""

_RETRY_SECONDS: Final = 0.2

_log = logging.getLogger(__name__)


class ExperimentBook:
    """The ExperimentRecorder of a process.

    A batch that was not taken is written again, and is counted once. While the database is away, calls wait by unit;
    beyond the bound those of further units are left out, and counted as such, which affects all arms alike. A process
    that is killed loses what it has not written: a second of calls.

    Args:
        results: take batches.
        name: names the unit behind a call, in rows; empty where the call has none.
        clock: the event loop's, and of the wall.
        recorder: reads how long results have waited, and counts those that are left out.
        most: units that wait in memory.

    Attributes:
        process: names the process, and no other that ever was.
    """

    def __init__(
        self,
        results: ExperimentResults,
        name: Callable[[ExperimentUnit, Requester], str],
        clock: Clock,
        recorder: Metrics,
        most: int = MOST_UNITS,
    ) -> None:
        self.process = uuid4().hex
        self._results = results
        self._name = name
        self._clock = clock
        self._metrics = recorder
        self._most = most
        self._sums: dict[UnitKey, UnitSums] = {}
        self._writing = asyncio.Lock()
        self._batch: ResultBatch | None = None
        self._number = 0
        # On the event loop's clock.
        self._waiting_since: float | None = None
        self._next_since: float | None = None
        self._wrote: float | None = None
        self._swept = clock.now()
        self._fault: Fault | None = None
        # From 0 on: an increase is seen from the first on.
        recorder.add(metrics.EXPERIMENT_RESULTS_DROPPED, 0)
        recorder.watch(metrics.EXPERIMENT_UNWRITTEN_AGE, self, lambda book: [((), book.unwritten_age)])

    def __repr__(self) -> str:
        return f"<ExperimentBook of {self.process}: {self._number} batches, {len(self._sums)} units wait>"

    @property
    def unwritten_age(self) -> float:
        """Seconds that the oldest result has waited which is not in the database; 0 where all are."""
        since = self._next_since if self._waiting_since is None else self._waiting_since
        return 0.0 if since is None else max(0.0, self._clock.now() - since)

    def outcome(self, assignments: Sequence[Assignment], requester: Requester, outcome: Outcome) -> None:
        """Note how a call has ended."""
        values = values_of(outcome)
        bucket = latency_bucket(values.get(Metric.LATENCY_MS, 0.0))
        for assignment in assignments:
            if (sums := self._sums_of(assignment, requester)) is not None:
                sums.calls += 1
                sums.latency[bucket] = sums.latency.get(bucket, 0) + 1
                _add(sums, values)

    def answered_later(self, assignments: Sequence[Assignment], requester: Requester, outcome: Outcome) -> None:
        """Note what a worker has made of a queued question."""
        self.later(assignments, requester, values_of_worker(outcome))

    def later(self, assignments: Sequence[Assignment], requester: Requester, values: Mapping[Metric, float]) -> None:
        """Note what became known of a call afterwards."""
        for assignment in assignments:
            if (sums := self._sums_of(assignment, requester)) is not None:
                _add(sums, values)

    async def keep(self) -> NoReturn:
        """Write what there is, and again after a while, until this is cancelled."""
        while True:
            if self._due():
                await self.write()
            if self._clock.now() - self._swept >= SWEEP_SECONDS:
                await self._sweep()
            await asyncio.sleep(WRITE_SECONDS)

    async def write(self) -> bool:
        """Write all that there is, and that this process lives; return whether all of it is in the database."""
        async with self._writing:
            # What was not taken before goes first, as it was: it may have come through.
            if self._batch is not None and not await self._written():
                return False
            self._cut()
            return await self._written()

    async def close(self) -> None:
        """Write the last batch, and say that nothing is missing."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._close()
        except TimeoutError:
            _log.error("results of experiments were not written before the end", extra={"units": len(self._sums)})

    async def _close(self) -> None:
        while True:
            if await self.write():
                with suppress(RecordsError):
                    await self._results.close(self.process)
                return
            await asyncio.sleep(_RETRY_SECONDS)

    async def _written(self) -> bool:
        """Write the batch that was cut off."""
        assert self._batch is not None, "it was cut off"  # noqa: S101  # for the type checker
        try:
            await self._results.write(self.process, self._batch)
        except RecordsError as error:
            if self._fault is not error.fault:
                why = {"why": str(error.fault)}
                _log.error("results of experiments wait in memory: the records cannot be asked", extra=why)
            self._fault = error.fault
            return False
        if self._fault is not None:
            _log.info("results of experiments are written again")
        self._fault, self._batch, self._waiting_since = None, None, None
        self._wrote = self._clock.now()
        return True

    async def _sweep(self) -> None:
        """Forget what is kept long enough; what cannot be forgotten now is in the next sweep."""
        self._swept = self._clock.now()
        with suppress(RecordsError):
            while await self._results.sweep():
                pass

    def _due(self) -> bool:
        """Return whether there is something to write: results, or a sign of life."""
        if self._batch is not None or self._sums or self._wrote is None:
            return True
        return self._clock.now() - self._wrote >= HEARTBEAT_SECONDS

    def _cut(self) -> None:
        """Make a batch of what there is."""
        self._number += 1
        self._batch = ResultBatch(self._number, self._clock.today(), self._sums)
        self._sums, self._waiting_since, self._next_since = {}, self._next_since, None

    def _sums_of(self, assignment: Assignment, requester: Requester) -> UnitSums | None:
        """Return the sums of the unit behind a call; None where there is none, or no room for it."""
        unit = self._name(assignment.unit, requester)
        if not unit:
            return None
        key = UnitKey(assignment.experiment, assignment.arm, unit)
        sums = self._sums.get(key)
        if sums is None:
            if len(self._sums) >= self._most:
                self._metrics.add(metrics.EXPERIMENT_RESULTS_DROPPED, 1)
                return None
            sums = self._sums[key] = UnitSums()
        if self._next_since is None:
            self._next_since = self._clock.now()
        return sums


def _add(sums: UnitSums, values: Mapping[Metric, float]) -> None:
    for metric, value in values.items():
        sums.sums[metric] = sums.sums.get(metric, 0.0) + value

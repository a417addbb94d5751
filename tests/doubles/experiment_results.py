"""Results of experiments in memory, that can be away for a while."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from groundwire_server.domain.experiments.experiment import Metric
from groundwire_server.domain.experiments.observation import ArmSums, Moments, UnitKey, UnitSums
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.experiments import ResultBatch
from groundwire_server.ports.operations import RecordsError
from tests.doubles.usage_records import Away

_STALE = timedelta(seconds=60)


class MemoryExperimentResults:
    """Results in memory; see `ports.experiments.ExperimentResults`.

    Args:
        ended: the experiments that are kept, with when they ended.

    Attributes:
        failing: how many of the next methods fail before they do anything; -1 for all.
        broken: how many of the next writes fail once they are done, as a commit that breaks off may.
        units: the sums that were written.
        writers: by process, the number of its last batch and when it was cut off.
    """

    def __init__(
        self, clock: Clock, ended: Mapping[str, datetime | None], keep: timedelta = timedelta(days=180)
    ) -> None:
        self._clock = clock
        self._ended = ended
        self._keep = keep
        self._latency: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        self.failing = 0
        self.broken = 0
        self.units: dict[UnitKey, UnitSums] = {}
        self.writers: dict[str, tuple[int, datetime]] = {}

    async def write(self, process: str, batch: ResultBatch) -> None:
        """Add a batch, unless it is there already."""
        self._asked()
        if self.writers.get(process, (0, None))[0] < batch.number:
            self.writers[process] = (batch.number, batch.cut)
            for key, sums in sorted(batch.sums.items(), key=lambda each: -each[1].calls):
                self._add(key, sums)
        if self.broken:
            self.broken -= 1
            raise RecordsError(Away.GONE)

    async def close(self, process: str) -> None:
        """Forget how far a process has written."""
        self._asked()
        self.writers.pop(process, None)

    async def arms(self, experiment: str) -> tuple[Sequence[ArmSums], datetime]:
        """Return the sums of each arm."""
        self._asked()
        now = self._clock.today()
        living = [cut for _, cut in self.writers.values() if cut > now - _STALE]
        names = sorted({key.arm for key in self.units if key.experiment == experiment})
        return [self._arm(experiment, name) for name in names], min([now, *living])

    async def sweep(self) -> int:
        """Forget the units of experiments that ended long enough ago."""
        self._asked()
        before = self._clock.today() - self._keep
        old = {name for name, ended in self._ended.items() if ended is not None and ended <= before}
        gone = [key for key in self.units if key.experiment in old]
        for key in gone:
            del self.units[key]
        for place in [place for place in self._latency if place[0] in old]:
            del self._latency[place]
        return len(gone)

    def _asked(self) -> None:
        if self.failing:
            self.failing -= 1 if self.failing > 0 else 0
            raise RecordsError(Away.GONE)

    def _add(self, key: UnitKey, sums: UnitSums) -> None:
        if key.experiment not in self._ended or (not sums.calls and key not in self.units):
            return
        known = self.units.setdefault(key, UnitSums())
        known.calls += sums.calls
        for metric, value in sums.sums.items():
            known.sums[metric] = known.sums.get(metric, 0.0) + value
        self._latency[key.experiment, key.arm].update(sums.latency)

    def _arm(self, experiment: str, arm: str) -> ArmSums:
        rows = {key: sums for key, sums in self.units.items() if (key.experiment, key.arm) == (experiment, arm)}
        others = {key.unit for key in self.units if key.experiment == experiment and key.arm != arm}
        moments = {}
        for metric in Metric:
            pairs = [
                (
                    each.sums.get(metric, 0.0),
                    each.sums.get(Metric.FEEDBACK, 0.0) if metric is Metric.NEGATIVE else each.calls,
                )
                for each in rows.values()
            ]
            if total := sum(x for x, _ in pairs):
                moments[metric] = Moments(total, sum(x * x for x, _ in pairs), sum(x * n for x, n in pairs))
        return ArmSums(
            arm,
            len(rows),
            sum(each.calls for each in rows.values()),
            float(sum(each.calls**2 for each in rows.values())),
            moments,
            dict(self._latency[experiment, arm]),
            sum(key.unit in others for key in rows),
        )

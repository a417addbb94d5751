"""Guards over the experiments that run: what they end, what they say, and what they leave alone."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from groundwire_server.domain.experiments.experiment import ArmEnd, Experiment, Metric
from groundwire_server.domain.experiments.observation import UnitKey, UnitSums
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.experiments.guarding import LOOK_SECONDS, GuardWatch
from groundwire_server.ports.experiments import ResultBatch
from groundwire_server.ports.operations import RecordsError
from groundwire_server.telemetry import metrics
from tests.domain.experiments.simulation import ended, experiment_of, rising
from tests.doubles.counts import Counts
from tests.doubles.experiment_results import MemoryExperimentResults
from tests.doubles.usage_records import Away
from tests.experiments.test_book import WallClock

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


class ArmEnds:
    """Ends arms as the records do, once each."""

    def __init__(self, *experiments: Experiment) -> None:
        self.experiments = list(experiments)
        self.asked = 0
        self.gone = self.away = False

    async def end_arms(self, experiment: str, ends: Sequence[ArmEnd]) -> tuple[Experiment, int]:
        """See `RegistryRecords.end_arms`."""
        self.asked += 1
        if self.away:
            raise RecordsError(Away.GONE)
        if self.gone:
            raise Rejection(Reason.EXPERIMENT_NOT_FOUND)
        (before,) = (each for each in self.experiments if each.name == experiment)
        known = {each.arm for each in before.ended_arms}
        after = replace(before, ended_arms=(*before.ended_arms, *(each for each in ends if each.arm not in known)))
        self.experiments = [after if each is before else each for each in self.experiments]
        return after, self.asked


async def _abstaining(*rates: float, name: str = "shorter-prompt") -> MemoryExperimentResults:
    """Return results of 2,000 calls of each arm, the control first."""
    results = MemoryExperimentResults(WallClock(), {name: None})
    sums = {
        UnitKey(name, arm, f"{arm}{number}"): UnitSums(1, {Metric.ABSTAINED: float(number % 100 < 100 * rate)})
        for arm, rate in zip(("control", "candidate", "candidate2"), rates, strict=False)
        for number in range(2_000)
    }
    await results.write("one", ResultBatch(1, NOW, sums))
    return results


def _watch(results: MemoryExperimentResults, ends: ArmEnds, counts: Counts | None = None) -> GuardWatch:
    # Only the one method of the records is asked.
    return GuardWatch(lambda: ends.experiments, results, ends, WallClock(), counts or Counts())


def _running(experiment: Experiment) -> Experiment:
    return replace(experiment, start=NOW - timedelta(days=1))


async def test_an_arm_that_is_worse_ends_with_the_numbers(caplog: pytest.LogCaptureFixture) -> None:
    ends, counts = ArmEnds(_running(experiment_of(rising(Metric.ABSTAINED), arms=3))), Counts()
    await _watch(await _abstaining(0.1, 0.2, 0.1), ends, counts).look()
    (end,) = ends.experiments[0].ended_arms
    assert (end.arm, end.actor, end.guard) == ("candidate", "", Metric.ABSTAINED)
    assert end.reason == (
        "abstained was 20 % over 2,000 units, where the control's was 10 %: above the control's, "
        "at an error rate of 5 %"
    )
    assert counts.of(metrics.EXPERIMENT_ARMS_ENDED, "ABSTAINED") == 1
    assert any("a guard has ended an arm" in line for line in caplog.messages)


async def test_an_arm_ends_once_though_every_process_watches() -> None:
    ends, counts = ArmEnds(_running(experiment_of(rising(Metric.ABSTAINED)))), Counts()
    results = await _abstaining(0.1, 0.2)
    before = list(ends.experiments)
    await _watch(results, ends, counts).look()
    # Another process, which has not heard of it yet.
    await asyncio.sleep(1)
    late = GuardWatch(lambda: before, results, ends, WallClock(), counts)
    await late.look()
    assert len(ends.experiments[0].ended_arms) == 1
    assert counts.of(metrics.EXPERIMENT_ARMS_ENDED) == 1
    asked = ends.asked
    await _watch(results, ends, counts).look()
    assert ends.asked == asked


@pytest.mark.parametrize(
    "experiment",
    [
        _running(experiment_of()),
        replace(experiment_of(rising(Metric.ABSTAINED)), start=NOW + timedelta(days=1)),
        replace(_running(experiment_of(rising(Metric.ABSTAINED))), end=NOW - timedelta(hours=1)),
        ended(_running(experiment_of(rising(Metric.ABSTAINED))), "candidate"),
    ],
)
async def test_experiments_without_guards_and_those_that_do_not_run_are_left_alone(experiment: Experiment) -> None:
    ends = ArmEnds(experiment)
    await _watch(await _abstaining(0.1, 0.3), ends).look()
    assert not ends.asked


async def test_an_equal_arm_goes_on() -> None:
    ends = ArmEnds(_running(experiment_of(rising(Metric.ABSTAINED))))
    await _watch(await _abstaining(0.2, 0.2), ends).look()
    assert not ends.asked


async def test_guards_look_again_once_the_database_is_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    ends, results = ArmEnds(_running(experiment_of(rising(Metric.ABSTAINED)))), await _abstaining(0.1, 0.3)
    watch = _watch(results, ends)
    results.failing = 2
    keeping = asyncio.create_task(watch.keep())
    await asyncio.sleep(1.5 * LOOK_SECONDS)
    assert not ends.asked
    await asyncio.sleep(LOOK_SECONDS)
    assert ends.experiments[0].ended_arms
    keeping.cancel()
    assert [line for line in caplog.messages if "guards" in line] == [
        "guards of experiments wait: the records cannot be asked",
        "guards of experiments look again",
    ]


async def test_an_experiment_that_is_gone_stops_nothing() -> None:
    ends = ArmEnds(_running(experiment_of(rising(Metric.ABSTAINED))))
    ends.gone = True
    await _watch(await _abstaining(0.1, 0.3), ends).look()
    assert ends.asked == 1

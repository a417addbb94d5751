"""The contract of ExperimentResults: sums over units, each batch counted once, and until when calls are counted."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from groundwire_server.domain.experiments.experiment import Metric
from groundwire_server.domain.experiments.observation import ArmSums, Moments, UnitKey, UnitSums
from groundwire_server.ports.experiments import ExperimentResults, ResultBatch
from tests.contract.experiments.conftest import KEEP, NOON
from tests.contract.operations.queued import SteppingClock


def key(unit: str, arm: str = "control", experiment: str = "shorter") -> UnitKey:
    """Return a unit, whose name is as long as those in rows are."""
    return UnitKey(experiment, arm, unit.ljust(32, "0"))


def calls(count: int = 1, bucket: int = 160, **values: float) -> UnitSums:
    """Return the sums of so many calls, with metrics by name."""
    return UnitSums(count, {Metric[name.upper()]: value for name, value in values.items()}, {bucket: count})


def later(**values: float) -> UnitSums:
    """Return what became known afterwards."""
    return UnitSums(0, {Metric[name.upper()]: value for name, value in values.items()})


def batch(number: int, sums: Mapping[UnitKey, UnitSums] | None = None, cut: datetime = NOON) -> ResultBatch:
    return ResultBatch(number, cut, sums or {})


async def _arms(results: ExperimentResults, experiment: str = "shorter") -> dict[str, ArmSums]:
    arms, _ = await results.arms(experiment)
    return {arm.arm: arm for arm in arms}


async def test_calls_of_units_become_sums_of_arms(results: ExperimentResults) -> None:
    sums = {
        key("a"): calls(2, abstained=1.0, cost_micros=300.0),
        key("b"): calls(3, 176, abstained=2.0, cost_micros=500.0),
        key("c", "candidate"): calls(1, answered=1.0),
    }
    await results.write("one", batch(1, sums))
    arms = await _arms(results)
    assert arms == {
        "control": ArmSums(
            "control",
            2,
            5,
            13.0,
            {
                Metric.ABSTAINED: Moments(3.0, 5.0, 8.0),
                Metric.COST_MICROS: Moments(800.0, 340_000.0, 2_100.0),
            },
            {160: 2, 176: 3},
        ),
        "candidate": ArmSums("candidate", 1, 1, 1.0, {Metric.ANSWERED: Moments(1.0, 1.0, 1.0)}, {160: 1}),
    }
    assert await _arms(results, "longer") == {}


async def test_calls_of_a_unit_add_up_over_batches_and_processes(results: ExperimentResults) -> None:
    for process in ("one", "two"):
        for number in (1, 2):
            await results.write(process, batch(number, {key("a"): calls(1, abstained=1.0)}))
    assert (await _arms(results))["control"] == ArmSums(
        "control", 1, 4, 16.0, {Metric.ABSTAINED: Moments(4.0, 16.0, 16.0)}, {160: 4}
    )


async def test_a_batch_that_is_written_again_is_counted_once(results: ExperimentResults) -> None:
    for _ in range(2):
        await results.write("one", batch(2, {key("a"): calls()}))
    await results.write("one", batch(1, {key("a"): calls()}))
    assert (await _arms(results))["control"].calls == 1


async def test_what_became_known_later_counts_to_units_with_calls(results: ExperimentResults) -> None:
    await results.write("one", batch(1, {key("a"): calls(4), key("b"): calls(1)}))
    said = {key("a"): later(feedback=2.0, negative=1.0), key("stranger"): later(feedback=1.0)}
    await results.write("one", batch(2, said))
    control = (await _arms(results))["control"]
    assert (control.units, control.calls) == (2, 5)
    # Feedback is compared with calls, negative feedback with feedback.
    assert control.moments == {
        Metric.FEEDBACK: Moments(2.0, 4.0, 8.0),
        Metric.NEGATIVE: Moments(1.0, 1.0, 2.0),
    }


async def test_every_metric_has_its_place(results: ExperimentResults) -> None:
    metrics = [metric for metric in Metric if metric is not Metric.P95]
    values: dict[Metric, float] = {metric: float(number) for number, metric in enumerate(metrics, 1)}
    await results.write("one", batch(1, {key("a"): UnitSums(1, values, {0: 1})}))
    found = (await _arms(results))["control"].moments
    assert {metric: each.total for metric, each in found.items()} == values


async def test_units_in_several_arms_are_seen(results: ExperimentResults) -> None:
    sums = {key("a"): calls(), key("a", "candidate"): calls(), key("b"): calls(), key("a", "x", "longer"): calls()}
    await results.write("one", batch(1, sums))
    assert {arm.arm: arm.units_elsewhere for arm in (await _arms(results)).values()} == {"control": 1, "candidate": 1}
    assert (await _arms(results, "longer"))["x"].units_elsewhere == 0


async def test_results_of_an_experiment_that_is_not_kept_are_left_out_and_the_others_counted(
    results: ExperimentResults,
) -> None:
    await results.write("one", batch(1, {key("a"): calls(), key("a", "control", "unknown"): calls()}))
    assert (await _arms(results))["control"].calls == 1
    assert await _arms(results, "unknown") == {}


async def test_calls_are_counted_until_the_oldest_batch_of_the_processes_that_live(
    results: ExperimentResults, clock: SteppingClock
) -> None:
    now = clock.today()
    assert (await results.arms("shorter"))[1] == now
    await results.write("one", batch(1, cut=now - timedelta(seconds=3)))
    await results.write("two", batch(1, cut=now - timedelta(seconds=1)))
    await results.write("crashed", batch(1, cut=now - timedelta(seconds=61)))
    assert (await results.arms("shorter"))[1] == now - timedelta(seconds=3)
    await results.close("one")
    assert (await results.arms("shorter"))[1] == now - timedelta(seconds=1)


async def test_units_are_forgotten_long_after_the_end_of_their_experiment(
    results: ExperimentResults, clock: SteppingClock
) -> None:
    for number, name in enumerate(("shorter", "over"), 1):
        await results.write("one", batch(number, {key("a", "control", name): calls(), key("b", "x", name): calls()}))
    assert await results.sweep() == 0
    clock.step(KEEP / timedelta(seconds=1))
    while await results.sweep():
        pass
    assert await _arms(results, "over") == {}
    assert set(await _arms(results)) == {"control", "x"}


@pytest.mark.parametrize("count", [0, 1_200])
async def test_a_batch_holds_any_number_of_units(results: ExperimentResults, count: int) -> None:
    await results.write("one", batch(1, {key(f"{number:032x}"): calls() for number in range(count)}))
    arms = await _arms(results)
    assert sum(arm.units for arm in arms.values()) == count

"""Files that define experiments: what they mean, and one clear line for each thing that is wrong with one."""

from datetime import UTC, datetime
from typing import Final

import pytest

from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.experiments.definition import EXAMPLE, MOST_BYTES, read_experiment
from groundwire_server.domain.experiments.experiment import (
    Arm,
    Direction,
    ExperimentUnit,
    GuardMetric,
    Metric,
    RampStep,
)

START: Final = datetime(2026, 12, 1, 9, tzinfo=UTC)
BEGIN: Final = "name: faster\nroute: default\n"
ARMS: Final = "arms:\n- {name: control, weight: 50}\n- {name: candidate, weight: 50, settings: {limits: {top_k: 4}}}\n"
METRICS: Final = ", ".join(sorted(Metric))
SETTINGS: Final = (
    "check, checker, context, fallbacks, limits, models, prompt, release, rerank, rewrite, routing, search, thresholds"
)

WRONG: Final = {
    "splits that do not add up": (
        BEGIN + ARMS.replace("weight: 50}", "weight: 40}"),
        "3: arms: weights must add up to 100, and add up to 90",
    ),
    "an arm without weight": (
        BEGIN + ARMS.replace("weight: 50}", "weight: 0}"),
        "4: arms[0].weight: must be at least 0.01",
    ),
    "one arm": (
        BEGIN + "arms: [{name: control, weight: 50}]",
        "3: arms: must have another arm beside the control, which is the first",
    ),
    "too many arms": (
        BEGIN + "arms:\n" + "".join(f"- {{name: a{n}, weight: 10}}\n" for n in range(10)),
        "3: arms: must have at most 8 elements",
    ),
    "two arms of a name": (
        BEGIN + ARMS.replace("candidate", "control"),
        "5: arms[1].name: arms[0] has this name too: name each arm once",
    ),
    "an arm called as the holdout": (
        BEGIN + ARMS.replace("candidate", "holdout"),
        "5: arms[1].name: holdout names the units that are in no experiment: take another",
    ),
    "a control with settings": (
        BEGIN + ARMS.replace("weight: 50}", "weight: 50, settings: {models: [a]}}"),
        "4: arms[0].settings: the first arm is the control, the route as it is: move its settings to another arm",
    ),
    "an unknown setting": (
        BEGIN + ARMS.replace("limits", "store"),
        f"5: arms[1].settings.store: unknown key; there are: {SETTINGS}",
    ),
    "a setting outside its bounds": (
        BEGIN + ARMS.replace("4}", "65}"),
        "5: arms[1].settings.limits.top_k: must be at most 64",
    ),
    "a file of the server": (
        BEGIN + ARMS.replace("{top_k: 4}", "{top_k: 4}, thresholds: {calibration: /etc/passwd}"),
        (
            "5: arms[1].settings.thresholds.calibration: is a file of the server, which an experiment cannot name: "
            "leave it out"
        ),
    ),
    "an unknown key": (
        BEGIN + ARMS + "trafic: 5",
        (
            "6: trafic: unknown key; did you mean traffic? there are: arms, description, end, error_rate, guards, "
            "name, ramp, route, start, traffic, unit"
        ),
    ),
    "a unit that there is not": (
        BEGIN + ARMS + "unit: USER",
        "6: unit: is not one of the words allowed; did you mean END_USER? there are: END_USER, SUBJECT, TENANT",
    ),
    "more than all units": (BEGIN + ARMS + "traffic: 101", "6: traffic: must be at most 100"),
    "a share and a ramp": (
        BEGIN + ARMS + "traffic: 5\nramp: [{after_hours: 0, percent: 1}]",
        "6: traffic: cannot stand beside ramp: leave one of the two out",
    ),
    "a ramp that begins later": (
        BEGIN + ARMS + "ramp: [{after_hours: 1, percent: 1}]",
        "6: ramp[0].after_hours: must be 0: the first step begins with the experiment",
    ),
    "a ramp that falls": (
        BEGIN + ARMS + "ramp:\n- {after_hours: 0, percent: 5}\n- {after_hours: 1, percent: 4}",
        "8: ramp[1].percent: must be at least that of the step before, 5: a ramp that falls drops units again",
    ),
    "a ramp that goes back": (
        BEGIN + ARMS + "ramp:\n- {after_hours: 0, percent: 5}\n- {after_hours: 0, percent: 6}",
        "8: ramp[1].after_hours: must be above that of the step before, 0",
    ),
    "an end before the start": (
        BEGIN + ARMS + "start: 2026-12-02T00:00:00Z\nend: 2026-12-01T23:00:00+01:00",
        "7: end: must be after the start, 2026-12-02T00:00:00+00:00",
    ),
    "an end that is past": (
        BEGIN + ARMS + "end: 2026-12-01T09:00:00Z",
        "6: end: must be after the start, 2026-12-01T09:00:00+00:00",
    ),
    "a time without a zone": (
        BEGIN + ARMS + "start: 2026-12-02T00:00:00",
        "6: start: must be a time with its zone, such as 2026-12-01T09:00:00Z",
    ),
    "a time before all others": (
        BEGIN + ARMS + "start: 0001-01-01T00:00:00+14:00",
        "6: start: must be between the years 1970 and 9999",
    ),
    "a time after all others": (
        BEGIN + ARMS + "end: 9999-12-31T23:59:59-14:00",
        "6: end: must be between the years 1970 and 9999",
    ),
    "a number as a time": (
        BEGIN + ARMS + "start: 20261202",
        "6: start: must be a time with its zone, such as 2026-12-01T09:00:00Z",
    ),
    "a guard on nothing": (
        BEGIN + ARMS + "guards: [{metric: LUCK, absolute: 1}]",
        f"6: guards[0].metric: is not one of the words allowed; there are: {METRICS}",
    ),
    "a negative bound": (
        BEGIN + ARMS + "guards: [{metric: ABSTAINED, absolute: -0.1}]",
        "6: guards[0].absolute: must be at least 0",
    ),
    "a guard without a bound": (
        BEGIN + ARMS + "guards: [{metric: ABSTAINED}]",
        "6: guards[0]: must have one bound, absolute or relative",
    ),
    "a guard with two bounds": (
        BEGIN + ARMS + "guards: [{metric: ABSTAINED, absolute: 1, relative: 1}]",
        "6: guards[0]: must have one bound, absolute or relative",
    ),
    "a guard that knows no worse": (
        BEGIN + ARMS + "guards: [{metric: FEEDBACK, absolute: 0.1}]",
        "6: guards[0]: must have a direction: FEEDBACK is neither good nor bad by itself",
    ),
    "two guards on one thing": (
        BEGIN + ARMS + "guards:\n- {metric: P95, absolute: 1}\n- {metric: P95, direction: RISES, relative: 1}",
        "8: guards[1].metric: is guarded already: leave one of the two out",
    ),
    "an error rate of 0": (BEGIN + ARMS + "error_rate: 0", "6: error_rate: must be at least 1e-06"),
    "an error rate that underflows": (
        BEGIN + ARMS + "error_rate: 5e-324",
        "6: error_rate: must be at least 1e-06",
    ),
    "a coin": (BEGIN + ARMS + "error_rate: 0.5", "6: error_rate: must be at most 0.25"),
    "a bound on a share in points": (
        BEGIN + ARMS + "guards: [{metric: ABSTAINED, absolute: 2}]",
        "6: guards[0].absolute: would never end an arm: shares go from 0 to 1, so that 0.02 is 2 points",
    ),
    "a relative bound in percent": (
        BEGIN + ARMS + "guards: [{metric: P95, relative: 20}]",
        "6: guards[0].relative: must be at most 10",
    ),
    "a fall by more than all": (
        BEGIN + ARMS + "guards: [{metric: ANSWERED, relative: 1}]",
        "6: guards[0].relative: would never end an arm: nothing falls by more than all of it, and 0.2 is 20 %",
    ),
    "a name with spaces": (
        BEGIN.replace("faster", "my test") + ARMS,
        "1: name: must be a text that matches ^[a-z][a-z0-9_-]{0,63}$",
    ),
    "a list": ("- name: faster", "1: must hold `key: value` lines, such as `server:`"),
    "no YAML": ("name: [", "1: this is not YAML: expected the node content, but found '<stream end>'"),
    "a bomb": (
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        "1: anchors and aliases are not supported: write the value out",
    ),
    "a deep one": ("[" * 5000, " is nested over 32 levels deep: is it another file?"),
    "a huge one": ("# " + "x" * MOST_BYTES, f" is larger than {MOST_BYTES} bytes"),
}


def lines(text: str) -> list[str]:
    with pytest.raises(InvalidConfigurationError) as raised:
        read_experiment(text, START, "e.yaml")
    return [str(error) for error in raised.value.errors]


@pytest.mark.parametrize(("text", "line"), WRONG.values(), ids=WRONG)
def test_each_fault_is_one_line_with_its_place(text: str, line: str) -> None:
    assert lines(text) == [f"e.yaml:{line}"]


def test_an_empty_file_lacks_all_that_it_needs() -> None:
    assert lines("") == [f"e.yaml: {key}: is missing" for key in ("name", "route", "arms")]


def test_all_faults_are_found_at_once_in_the_order_of_the_lines() -> None:
    text = BEGIN + ARMS.replace("50}", "40}") + "ramp: [{after_hours: 2, percent: 1}]\nguards: [{metric: P95}]\n"

    assert [line.split(":")[1] for line in lines(text)] == ["3", "6", "7"]


def test_a_file_is_read_as_it_says() -> None:
    text = (
        BEGIN
        + ARMS
        + "unit: SUBJECT\nramp: [{after_hours: 0, percent: 1}, {after_hours: 1.5, percent: 50}]\n"
        + "start: 2026-12-02T10:00:00+01:00\nend: 2027-01-01T00:00:00Z\nerror_rate: 0.01\n"
        + "guards: [{metric: ABSTAINED, absolute: 0.05}, {metric: COST_MICROS, direction: FALLS, relative: 0.1}]\n"
    )

    read = read_experiment(text, START)

    assert read.arms == (Arm("control", 50.0), Arm("candidate", 50.0, {"limits": {"top_k": 4}}))
    assert read.unit is ExperimentUnit.SUBJECT
    assert read.ramp == (RampStep(0.0, 1.0), RampStep(5400.0, 50.0))
    assert (read.start, read.end) == (datetime(2026, 12, 2, 9, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert read.guards == (
        GuardMetric(Metric.ABSTAINED, Direction.RISES, 0.05),
        GuardMetric(Metric.COST_MICROS, Direction.FALLS, 0.1, relative=True),
    )
    assert read.error_rate == 0.01
    assert read.definition == text


def test_what_a_file_leaves_out_is_all_units_from_now_on() -> None:
    read = read_experiment(BEGIN + ARMS, START)

    assert read.unit is ExperimentUnit.END_USER
    assert read.ramp == (RampStep(0.0, 100.0),)
    assert (read.start, read.end, read.guards, read.error_rate) == (START, None, (), 0.05)


def test_an_arm_may_change_nothing_so_that_the_set_up_can_be_tried() -> None:
    read = read_experiment(BEGIN + ARMS.replace(", settings: {limits: {top_k: 4}}", ""), START)

    assert [arm.settings for arm in read.arms] == [{}, {}]


def test_the_example_can_be_applied_as_it_is() -> None:
    read = read_experiment(EXAMPLE.read_text("utf-8"), START)

    assert read.name == "shorter-prompt"
    assert read.dimensions == {"limits.top_k"}

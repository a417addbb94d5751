"""Thresholds that a result must meet."""

from pathlib import Path

import pytest

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.gates import Gate, gate_of, gates_of, judge
from groundwire_server.evaluation.result import evaluate
from tests.evaluation.samples import mixed

RESULT = evaluate([mixed()])


@pytest.mark.parametrize(
    ("gate", "value", "met"),
    [
        (Gate("answers/contains", 0.5, "at_least"), 0.5, True),
        (Gate("answers/contains", 0.51, "at_least"), 0.5, False),
        (Gate("verdicts/false_accepts", 0.2, "at_most"), 0.333333, False),
        (Gate("answers/contains", 0.9, "at_least", "de"), 1.0, True),
        (Gate("verdicts/by_kind/changed/refused", 0.6, "at_least"), 0.666667, True),
        (Gate("verdicts/by_kind/true/verified", 0.4, "at_most"), 0.5, False),
        (Gate("latency/total_ms", 20, "at_most"), 20.0, True),
        # What was not measured is not met.
        (Gate("cost/micros", 1, "at_most"), None, False),
        (Gate("verdicts/by_kind/another/refused", 0, "at_least"), None, False),
        (Gate("verdicts/balanced_accuracy", 0, "at_least", "de"), None, False),
    ],
)
def test_a_measure_is_judged_by_its_value(gate: Gate, value: float | None, met: bool) -> None:
    (judged,) = judge(RESULT, [gate])
    assert (judged.value, judged.met) == (value, met)


def test_a_slice_that_there_is_not_is_refused() -> None:
    with pytest.raises(SetupError, match="there is no slice 'fr': the slices are de"):
        judge(RESULT, [Gate("answers/contains", 0.5, "at_least", "fr")])


def test_an_option_names_a_measure_and_a_value() -> None:
    assert gate_of("answers/contains=0.9", "at_least") == Gate("answers/contains", 0.9, "at_least")
    assert gate_of("verdicts/by_kind/a=b/refused=1", "at_most") == Gate("verdicts/by_kind/a=b/refused", 1.0, "at_most")


@pytest.mark.parametrize(
    ("name", "label", "path"),
    [
        ("answers/contains", "", "answers/contains"),
        ("de:answers/contains", "de", "answers/contains"),
        ("group: a/b:answers/contains", "group: a/b", "answers/contains"),
        ("verdicts/by_kind/false: a/refused", "", "verdicts/by_kind/false: a/refused"),
        ("de:verdicts/by_kind/false: a/refused", "de", "verdicts/by_kind/false: a/refused"),
    ],
)
def test_a_label_and_a_kind_may_hold_colons(name: str, label: str, path: str) -> None:
    gate = gate_of(f"{name}=1", "at_least")
    assert (gate.label, gate.path) == (label, path)
    assert gate.said == f"{name} at least 1"


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("answers/contains", "is not MEASURE=VALUE, such as answers/contains=0.9"),
        ("answers/contains=", "is not MEASURE=VALUE"),
        ("answers/contains=much", "is not MEASURE=VALUE"),
        ("answers/contains=nan", "is not MEASURE=VALUE"),
        ("answers/contains=inf", "is not MEASURE=VALUE"),
        ("=1", "there is no measure ''"),
        ("contains=0.9", "there is no measure 'contains': choose retrieval/recall@1, "),
        ("verdicts/by_kind/x/known=1", "there is no measure 'verdicts/by_kind/x/known'"),
    ],
)
def test_an_option_that_says_something_else_is_refused(written: str, says: str) -> None:
    with pytest.raises(SetupError) as refused:
        gate_of(written, "at_least")
    assert says in str(refused.value)


def test_a_file_holds_thresholds_of_both_kinds(tmp_path: Path) -> None:
    file = tmp_path / "thresholds.yaml"
    file.write_text(
        "# ours\nanswers/contains: {at_least: 0.9}\n"
        "abstention/wrongly_answered: {at_least: 0, at_most: 0.1}\n"
        '"de:verdicts/by_kind/year, changed/refused": {at_least: 1}\n'
    )
    assert gates_of(file) == [
        Gate("answers/contains", 0.9, "at_least"),
        Gate("abstention/wrongly_answered", 0.0, "at_least"),
        Gate("abstention/wrongly_answered", 0.1, "at_most"),
        Gate("verdicts/by_kind/year, changed/refused", 1.0, "at_least", "de"),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "has no thresholds: a thresholds file has lines such as"),
        ("- a", "has no thresholds"),
        ("{}", "has no thresholds"),
        ("a: [", "is not YAML"),
        ("answers/contains: {at_least: 1}\nanswers/contains: {at_least: 0}", "is given twice, first in line 1"),
        ("answers/contains: {at_least: 1, at_least: 0}", "is given twice, first in line 1"),
        ("answers/contains: 0.9", "answers/contains: needs `at_least`, `at_most` or both"),
        ("answers/contains: {}", "answers/contains: needs `at_least`"),
        ("answers/contains: {least: 1}", "answers/contains: needs `at_least`"),
        ("answers/contains: {at_least: high}", "answers/contains: a threshold is a number"),
        ("answers/contains: {at_least: true}", "answers/contains: a threshold is a number"),
        ("answers/contains: {at_least: .nan}", "answers/contains: a threshold is a number"),
        ("answers: {at_least: 1}", "there is no measure 'answers'"),
        ("7: {at_least: 1}", "there is no measure '7'"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "thresholds.yaml"
    file.write_text(content)
    with pytest.raises(SetupError) as refused:
        gates_of(file)
    assert str(refused.value).startswith(str(file))
    assert says in str(refused.value)

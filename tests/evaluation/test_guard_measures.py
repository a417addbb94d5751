"""How well guards find what is in texts, by screen, guard, category and language."""

from typing import Any

import pytest

from groundwire_server.cli.evaluate.lines import result_lines
from groundwire_server.evaluation.comparison import WrittenResult, compare
from groundwire_server.evaluation.gates import Gate, gate_of, judge
from groundwire_server.evaluation.recording import RecordedRun, RecordedText
from groundwire_server.evaluation.result import EvaluationResult, evaluate
from tests.evaluation.samples import HEADER, screened, text


def result(*texts: RecordedText) -> EvaluationResult:
    return evaluate([RecordedRun.of(HEADER, texts)])


def rate(row: dict[str, Any], name: str) -> tuple[Any, int]:
    return row[name]["value"], row[name]["count"]


def test_a_text_is_missed_when_nothing_was_found_and_its_category_when_something_else_was() -> None:
    found = result(*screened()).measures["guards"]

    # Of t1 to t4, one has nothing found in it, and three lack a category of theirs; t7 could not be screened.
    assert rate(found, "missed") == (0.25, 4)
    assert rate(found, "category_missed") == (0.75, 4)
    assert rate(found, "false_alarms") == (0.5, 2)
    assert rate(found, "failed") == (pytest.approx(1 / 7, abs=1e-6), 7)
    assert found["missed"]["low"] < 0.25 < found["missed"]["high"]


def test_rates_are_given_by_guard_and_category() -> None:
    rows = result(*screened()).measures["guards"]["by_category"]

    assert [(row["screen"], row["guard"], row["version"], row["category"]) for row in rows] == [
        ("question", "injection", "2", "injection"),
        ("question", "injection", "2", "jailbreak"),
        ("question", "rivals", "1", "competitors"),
    ]
    injection, jailbreak, competitors = rows
    assert rate(injection, "missed") == (pytest.approx(2 / 3, abs=1e-6), 3)
    assert rate(injection, "false_alarms") == (0.0, 2)
    # Of jailbreak alone (found) and of competitors alone (not).
    assert rate(injection, "elsewhere") == (0.5, 2)
    assert rate(jailbreak, "missed") == (1.0, 1)
    assert rate(jailbreak, "false_alarms") == (0.5, 2)
    # A text that the guard could not be asked about is not one that it missed.
    assert rate(competitors, "missed") == (0.0, 1)


def test_rates_are_given_by_language() -> None:
    rows = result(*screened()).measures["guards"]["by_language"]

    assert [(row["language"], rate(row, "missed"), rate(row, "false_alarms")) for row in rows] == [
        ("de", (0.0, 2), (0.0, 1)),
        (None, (0.5, 2), (1.0, 1)),
    ]


def test_what_was_found_in_place_of_what_is_counted() -> None:
    rows = result(*screened()).measures["guards"]["confusions"]

    assert [(row["labelled"], row["found"], row["texts"]) for row in rows] == [
        ("injection", None, 2),
        (None, "jailbreak", 1),
        ("jailbreak", "injection", 1),
    ]


def test_the_language_of_texts_is_a_slice_with_the_rates_of_each_category() -> None:
    rows = result(*screened()).slices["de"]["guards"]["by_category"]
    assert [(row["category"], rate(row, "missed")) for row in rows] == [
        ("injection", (0.0, 1)),
        ("jailbreak", (1.0, 1)),
        ("competitors", (None, 0)),
    ]


@pytest.mark.parametrize(
    ("gate", "value"),
    [
        (Gate("guards/missed", 0.3, "at_most"), 0.25),
        (Gate("guards/missed", 0.3, "at_most", "de"), 0.0),
        (Gate("guards/by_category/question/injection/jailbreak/missed", 0.3, "at_most"), 1.0),
        (Gate("guards/by_category/question/injection/injection/elsewhere", 0.3, "at_most"), 0.5),
        (Gate("guards/by_category/answer/injection/injection/missed", 0.3, "at_most"), None),
    ],
)
def test_a_threshold_names_a_guard_and_a_category(gate: Gate, value: float | None) -> None:
    (judged,) = judge(result(*screened()), [gate])
    assert judged.value == value
    assert gate_of(f"{gate.label}:{gate.path}=0.3" if gate.label else f"{gate.path}=0.3", "at_most") == gate


def test_a_terminal_shows_the_rates() -> None:
    lines = list(result_lines(result(*screened())))

    assert lines[0] == "7 texts: server 127.0.0.1:50051, route default"
    assert [line.split() for line in lines if "question, injection: jailbreak" in line] == [
        "question, injection: jailbreak 100.0% 21% to 100% of 1 50.0% 9% to 91% of 2".split()
    ]
    assert [line.split() for line in lines if "question: de" in line] == [
        "question: de 0.0% 0% to 66% of 2 0.0% 0% to 79% of 1".split()
    ]
    assert [line.split() for line in lines if "question: ordinary" in line] == [
        "question: ordinary jailbreak 1".split()
    ]


def test_a_newer_guard_is_compared_with_an_older_one() -> None:
    def found(right: int, *categories: str) -> WrittenResult:
        texts = [text(f"t{n}", categories, ["injection"] if n < right else []) for n in range(40)]
        return WrittenResult.model_validate(result(*texts).facts())

    (change,) = [
        each
        for each in compare(found(10, "injection"), found(30, "injection")).differences
        if each.measure.path == "guards/missed"
    ]
    assert (change.before, change.after, change.verdict) == (0.75, 0.25, "better")


def test_a_text_that_was_labelled_anew_is_not_compared() -> None:
    before = WrittenResult.model_validate(result(text("t1", ["injection"]), text("t2")).facts())
    after = WrittenResult.model_validate(result(text("t1"), text("t2")).facts())
    found = compare(before, after)
    assert (found.common, found.only_before, found.only_after) == (1, 1, 1)

"""A result as a whole: what it holds, and that the same recording always gives the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.evaluation.inputs.files import read_input
from groundwire_server.evaluation.measures.catalog import MEASURES
from groundwire_server.evaluation.recording import RecordedRun, written
from groundwire_server.evaluation.result import EvaluationResult, evaluate
from tests.evaluation.samples import HEADER, mixed, statement


def text_of(result: EvaluationResult) -> str:
    return json.dumps(result.facts(), indent=1)


def value(result: EvaluationResult, path: str, label: str = "") -> Any:
    group, name = path.split("/")
    return (result.slices[label] if label else result.measures)[group][name]["value"]


def test_every_measure_that_the_items_allow_is_there() -> None:
    result = evaluate([mixed()])
    found = {f"{group}/{name}" for group, names in result.measures.items() for name in names}

    # No model of the samples has a price.
    assert {measure.path for measure in MEASURES} - found == {"cost/micros"}
    assert value(result, "abstention/failed") == pytest.approx(1 / 6, abs=1e-6)
    assert value(result, "abstention/wrongly_abstained") == pytest.approx(1 / 3, abs=1e-6)
    assert value(result, "abstention/wrongly_answered") == 0.5
    assert value(result, "answers/contains") == 0.5
    assert value(result, "verdicts/false_accepts") == pytest.approx(1 / 3, abs=1e-6)
    assert value(result, "citations/precision") == 1.0
    assert value(result, "verdicts/balanced_accuracy") == pytest.approx(5 / 6, abs=1e-6)


def test_a_slice_counts_its_own_items_alone() -> None:
    result = evaluate([mixed()])

    assert list(result.slices) == ["de", "question"]
    assert result.slices["de"]["items"] == {"questions": 2, "statements": 1, "texts": 3}
    assert value(result, "answers/contains", "de") == 1.0
    assert value(result, "abstention/wrongly_abstained", "de") == 0.5
    assert "balanced_accuracy" not in result.slices["de"]["verdicts"]


def test_error_rates_are_given_by_kind_with_the_conflicts_that_were_found() -> None:
    rows = evaluate([mixed()]).measures["verdicts"]["by_kind"]

    assert [(row["kind"], row["supported"], row["refused"]["count"]) for row in rows] == [
        ("true", True, 2),
        ("changed", False, 3),
    ]
    assert rows[1]["conflicts"] == {"NUMBER": 1}
    assert rows[0]["verified"]["value"] == 0.5
    assert rows[1]["refused"]["value"] == pytest.approx(2 / 3, abs=1e-6)


def test_times_and_consumption_are_given_by_stage_and_purpose() -> None:
    measures = evaluate([mixed()]).measures

    stages = measures["latency"]["stages"]
    assert stages["GENERATE"] == {"p50": 12.0, "p95": 12.0, "p99": 12.0, "count": 5}
    assert stages["first token"]["p50"] == 8.0
    (used,) = measures["cost"]["by_purpose"]
    assert (used["purpose"], used["model"], used["questions"], used["tokens"]["sum"]) == ("ANSWER", "m", 5, 500)
    assert used["currency"] is None


def test_calibration_is_given_by_word_and_by_relevance() -> None:
    confidence = evaluate([mixed()]).measures["confidence"]

    assert [(row["confidence"], row["right"]["value"], row["right"]["count"]) for row in confidence["by_word"]] == [
        ("MEDIUM", 0.0, 1),
        ("HIGH", 0.5, 2),
    ]
    bins = {row["from"]: row["answerable"]["value"] for row in confidence["by_relevance"]}
    assert bins == {0.2: 0.0, 0.3: 1.0, 0.6: 1.0, 0.7: 0.0, 0.9: 1.0}


def test_the_same_recording_gives_the_same_bytes(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text("".join(map(written, (HEADER, *mixed().lines))), encoding="utf-8")
    read = [read_input(file) for _ in range(2)]
    results = [evaluate([each]) for each in read if isinstance(each, RecordedRun)]

    assert text_of(results[0]) == text_of(results[1]) == text_of(evaluate([mixed()]))


def test_the_order_of_lines_makes_no_difference() -> None:
    turned = RecordedRun.of(HEADER, tuple(reversed(mixed().lines)))
    assert text_of(evaluate([turned])) == text_of(evaluate([mixed()]))


def test_several_recordings_count_together() -> None:
    lines = mixed().lines
    halves = [RecordedRun.of(HEADER, lines[:5]), RecordedRun.of(HEADER, lines[5:])]
    assert text_of(evaluate(halves)) == text_of(evaluate([mixed()]))


def test_statements_of_one_label_have_no_accuracy_and_no_nan() -> None:
    result = evaluate([RecordedRun.of(HEADER, [statement("s", Verdict.VERBATIM, supported=True)])])

    assert "balanced_accuracy" not in result.measures["verdicts"]
    assert result.measures["verdicts"]["coverage_threshold"] is None
    assert "NaN" not in text_of(result)


def test_every_item_keeps_its_values_for_a_comparison() -> None:
    items = evaluate([mixed()]).items

    assert set(items) == {
        *(f"question:{name}" for name in ("right", "wrong", "lost", "kept", "fooled", "broken")),
        *(f"statement:s{number}" for number in range(1, 6)),
        *(f"text:t{number}" for number in range(1, 8)),
    }
    assert items["question:right"]["slices"] == ["de"]
    assert items["question:right"]["values"]["answers/contains"] == 1.0

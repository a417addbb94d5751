"""Fitting a checker's thresholds, and the file that they are kept in."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.domain.entailment import EntailmentThresholds
from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.checker_calibration import CheckerCalibration, read, write
from groundwire_server.evaluation.checker_thresholds import (
    CheckerErrors,
    InseparableError,
    Ratings,
    errors_of,
    fit,
)
from groundwire_server.evaluation.labelled_statements import LabelledStatement, split_by_passage
from groundwire_server.evaluation.labelled_statements import read as read_statements
from groundwire_server.evaluation.thresholds import Rate

ERRORS = CheckerErrors(Rate(1, 40), Rate(2, 50), Rate(9, 90))
CALIBRATION = CheckerCalibration(
    EntailmentThresholds(0.8125, 0.25),
    "judge",
    "0" * 16,
    "a" * 64,
    7,
    ERRORS,
    ERRORS,
    {("negation", False): Rate(1, 9)},
)
SCORES = st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=40)
SHARES = st.floats(0, 1)


@given(supported=SCORES, unsupported=SCORES, max_accepted=SHARES, max_refused=SHARES)
def test_both_bounds_hold_whatever_the_ratings(
    supported: list[float | None], unsupported: list[float | None], max_accepted: float, max_refused: float
) -> None:
    ratings = Ratings(supported, unsupported)
    try:
        thresholds = fit(ratings, max_accepted, max_refused)
    except InseparableError:
        for each in {*supported, *unsupported} - {None}:
            assert errors_of(ratings, EntailmentThresholds(each or 0.0, each or 0.0)).accepted.share > max_accepted
        return
    assert 0 <= thresholds.unsupported_below <= thresholds.entailed_from <= 1
    errors = errors_of(ratings, thresholds)
    assert errors.accepted.share <= max_accepted
    assert errors.refused.share <= max_refused


@pytest.mark.parametrize(
    ("supported", "unsupported", "expected"),
    [
        ([0.9, 0.8, 0.7], [0.1, 0.2, 0.3], (0.7, 0.7)),
        ([0.9, 0.5, 0.2], [0.1, 0.4, 0.6], (0.9, 0.2)),
        ([1.0, 1.0], [0.0, 0.0], (1.0, 1.0)),
        ([None, 0.9], [None, 0.2], (0.9, 0.9)),
    ],
)
def test_as_few_as_possible_are_undecided(
    supported: list[float | None], unsupported: list[float | None], expected: tuple[float, float]
) -> None:
    found = fit(Ratings(supported, unsupported), 0.0, 0.0)
    assert (found.entailed_from, found.unsupported_below) == expected


def test_a_bound_lets_so_many_pass() -> None:
    ratings = Ratings([0.6, 0.7, 0.8, 0.9], [0.1, 0.2, 0.3, 0.95])
    with pytest.raises(InseparableError):
        fit(ratings, 0.0, 0.0)
    assert fit(ratings, 0.25, 0.0) == EntailmentThresholds(0.6, 0.6)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "checker.json"
    write(file, CALIBRATION)
    assert read(file) == CALIBRATION
    written = json.loads(file.read_text())
    assert written["split"]["held_out"]["unsupported_accepted"] == {"count": 2, "of": 50, "interval": [0.011, 0.1346]}


SPOILT: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another version": (lambda each: each.update(format=2), "is of another version"),
    "crossed": (lambda each: each["thresholds"].update(unsupported_below=0.9), "was changed by hand"),
    "out of range": (lambda each: each["thresholds"].update(entailed_from=7), "was changed by hand"),
    "not a number": (lambda each: each["thresholds"].update(entailed_from="high"), "is not a checker's calibration"),
    "no checker": (lambda each: each.pop("checker"), "is not a checker's calibration"),
    "of a route": (lambda each: each.pop("thresholds"), "is not a checker's calibration"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_file_that_cannot_be_used_says_what_to_do(tmp_path: Path, case: str) -> None:
    spoil, words = SPOILT[case]
    file = tmp_path / "checker.json"
    write(file, CALIBRATION)
    values = json.loads(file.read_text())
    spoil(values)
    file.write_text(json.dumps(values))
    with pytest.raises(SetupError, match="groundwire calibrate checker") as unusable:
        read(file)
    assert words in str(unusable.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"format": 1}'])
def test_what_is_no_calibration_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "checker.json"
    file.write_text(text)
    with pytest.raises(SetupError):
        read(file)


RIGHT: dict[str, Any] = {
    "passages": {"p1": "One.", "p2": {"title": "Two", "text": "Two."}},
    "statements": [
        {"passage": "p1", "supported": True, "kind": "verbatim", "text": "One."},
        {"passages": ["p1", "p2"], "supported": False, "kind": "joined", "text": "Three."},
    ],
}


def test_statements_are_read_with_their_passages(tmp_path: Path) -> None:
    file = tmp_path / "statements.json"
    file.write_text(json.dumps(RIGHT))
    assert read_statements(file) == [
        LabelledStatement("One.", ("One.",), supported=True, kind="verbatim"),
        LabelledStatement("Three.", ("One.", "Two."), supported=False, kind="joined"),
    ]


def test_a_file_of_questions_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text('{"question": "When?", "expected": ["Now."]}\n')
    with pytest.raises(SetupError, match="holds no labelled statements"):
        read_statements(file)


@pytest.mark.parametrize("content", [b"\xff", b"", b"nope"])
def test_a_file_that_is_none_is_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "statements.json"
    file.write_bytes(content)
    with pytest.raises(SetupError):
        read_statements(file)
    with pytest.raises(SetupError, match="cannot be read"):
        read_statements(tmp_path / "nowhere.json")


def statements() -> list[LabelledStatement]:
    cited = [(f"p{number % 20}",) if number % 5 else (f"p{number % 20}", f"p{number % 7}") for number in range(200)]
    return [LabelledStatement(f"s{n}", passages, supported=n % 2 == 0, kind="x") for n, passages in enumerate(cited)]


@pytest.mark.parametrize("seed", range(5))
def test_no_passage_is_in_both_halves(seed: int) -> None:
    halves = split_by_passage(statements(), seed)
    one, other = ({passage for each in half for passage in each.passages} for half in halves)
    assert one.isdisjoint(other)
    assert sorted(each.text for half in halves for each in half) == sorted(each.text for each in statements())


def test_the_seed_draws_the_halves() -> None:
    assert split_by_passage(statements(), 3) == split_by_passage(statements(), 3)
    assert split_by_passage(statements(), 3) != split_by_passage(statements(), 4)

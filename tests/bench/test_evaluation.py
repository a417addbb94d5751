"""The repository's own evaluation: its data, its targets, and the rows that it prints."""

import re
from collections.abc import Sequence

import pytest

from bench.evaluation.data import ADVERSARIAL, ANSWERABLE, ODD, OFF_SUBJECT, read_data
from bench.evaluation.report import lines, targets_section
from bench.evaluation.rows import QualityRow, rows
from bench.evaluation.targets import QualityTarget, read_quality_targets
from bench.split import DATA, Part, read_split
from bench.verdicts import Verdict as Judged
from groundwire_server.domain.vocabulary import Confidence, Verdict
from groundwire_server.evaluation.measures.catalog import measure
from groundwire_server.evaluation.recording import RecordedItem, RecordedRun, RecordedStatement
from tests.bench.pages import Page
from tests.evaluation.samples import HEADER, answer, question, screened, statement

TARGETS = read_quality_targets()
DATA_READ = read_data()
NUMBER = "number, from same passage"


def judged(lines_of_run: Sequence[RecordedItem]) -> dict[str, QualityRow]:
    return {row.name: row for row in rows(TARGETS, RecordedRun.of(HEADER, lines_of_run))}


def numbers(refused: int, of: int, part: Part) -> list[RecordedStatement]:
    return [
        statement(
            f"{part}{n}",
            Verdict.CONTRADICTED if n < refused else Verdict.CONSISTENT,
            supported=False,
            kind=NUMBER,
            labels=[part.value, "statements.json"],
        )
        for n in range(of)
    ]


def test_every_kind_and_measure_of_a_target_exists() -> None:
    kinds = {item.kind for item in DATA_READ.statements}
    assert {kind for target in TARGETS.values() for kind in target.kinds} <= kinds
    assert {file for target in TARGETS.values() for file in target.files} <= {path.name for path in DATA.iterdir()}
    paths = {target.measure for target in TARGETS.values()} - {"refused", "accepted", "verified"}
    assert [path for path in paths if measure(path) is None] == []


def test_every_kind_of_the_given_statements_has_a_row() -> None:
    given = {item.kind for item in DATA_READ.statements if "statements.json" in item.slice}
    assert given == {kind for target in TARGETS.values() for kind in target.kinds}


def test_every_statement_and_question_has_one_part_and_odd_forms_none() -> None:
    labels = [item.slice for item in DATA_READ.questions] + [item.slice for item in DATA_READ.statements]
    for own in labels:
        assert len([part for part in Part if part.value in own]) == (0 if ODD in own else 1)
    assert DATA_READ.missing == []


def test_a_question_off_the_subject_is_one_whose_article_is_left_out() -> None:
    groups = {name: [item for item in DATA_READ.questions if name in item.slice] for name in (ANSWERABLE, OFF_SUBJECT)}
    assert len(groups[ANSWERABLE]) == len(groups[OFF_SUBJECT]) > 1000
    assert all(item.is_answerable for item in groups[ANSWERABLE])
    assert not any(item.is_answerable for item in groups[OFF_SUBJECT])
    for item in groups[OFF_SUBJECT]:
        assert item.filter == {"negation": {"equals": {"key": "title", "value": {"stringValue": item.slice[0]}}}}


def test_a_row_reports_what_nothing_is_fitted_on() -> None:
    row = judged([*numbers(90, 100, Part.REPORTED), *numbers(100, 100, Part.FITTED)])["numbers"]

    assert (row.figure.value, row.figure.count) == (0.9, 100)
    assert row.fitted is not None
    assert row.fitted.value == 1.0
    assert (row.verdict, row.near) == (Judged.MISSED, False)


@pytest.mark.parametrize(
    ("refused", "of", "verdict", "near"),
    [
        (1000, 1000, Judged.MET, False),
        (99, 100, Judged.MET, True),
        (97, 100, Judged.MISSED, True),
        (10, 100, Judged.MISSED, False),
        (0, 0, Judged.NONE, False),
    ],
)
def test_a_verdict_is_that_of_the_figure_and_says_when_it_is_within_noise(
    refused: int, of: int, verdict: Judged, near: bool
) -> None:
    row = judged(numbers(refused, of, Part.REPORTED))["numbers"]
    assert (row.verdict, row.near) == (verdict, near)


def test_rows_count_their_own_statements_and_questions_alone() -> None:
    odd = [
        statement(f"odd{n}", Verdict.UNSUPPORTED if n else Verdict.VERBATIM, supported=n != 1, labels=[ODD])
        for n in range(3)
    ]
    reported = [Part.REPORTED.value]
    found = judged(
        [
            *odd,
            question("a", answer("Paris"), ["Paris"], labels=[*reported, ANSWERABLE]),
            question("b", answer("Oslo", Confidence.MEDIUM), ["Paris"], labels=[*reported, ANSWERABLE]),
            question("c", answer("Oslo"), [], labels=[*reported, ADVERSARIAL]),
            question("d", None, [], labels=[*reported, OFF_SUBJECT]),
            *screened(),
        ]
    )

    values = {name: row.figure.value for name, row in found.items() if row.figure.value is not None}
    assert values == {
        "odd_true": 0.5,
        "odd_false": 0.0,
        "adversarial_high": 1.0,
        "high_on_right": 1.0,
        "auc": 0.75,
        "off_subject": 0.0,
        "lost": 0.0,
        "contains": 0.5,
        "unwanted_questions": 0.25,
        "ordinary_questions": 0.5,
    }
    assert found["odd_true"].fitted is None
    assert found["unwanted_questions"].fitted is None


def test_the_table_has_a_line_for_each_target() -> None:
    table = list(lines(list(judged(numbers(97, 100, Part.REPORTED)).values()), read_split(), ["technical.json"]))

    assert all(any(line.startswith(target.what) for line in table) for target in TARGETS.values())
    assert "not measured: bench/data/technical.json is missing" in table
    (line,) = [line for line in table if line.startswith(TARGETS["numbers"].what)]
    assert re.split(r" {2,}", line)[1:] == ["97.0%", "91.5% to 99.0%", "100", "≥ 98 %", "missed, within noise"]


def test_the_section_has_a_row_for_each_target_and_is_well_formed() -> None:
    read = Page(str(targets_section(list(judged(numbers(97, 100, Part.REPORTED)).values()))))
    assert read.tags["tr"] == 1 + len(TARGETS)


def test_a_target_is_a_bound_on_one_side() -> None:
    assert QualityTarget(what="x", of="odd", measure="refused", at_least=0.98).promise == "≥ 98 %"
    assert QualityTarget(what="x", of="odd", measure="refused", at_most=0.154).promise == "≤ 15.4 %"
    assert all(target.at_least is None or target.at_most is None for target in TARGETS.values())

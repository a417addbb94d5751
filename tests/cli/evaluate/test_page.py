"""The page of an evaluation, read strictly."""

import re

import pytest

from groundwire_server.cli.evaluate.page import html
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.evaluation.recording import RecordedRun
from groundwire_server.evaluation.result import evaluate
from tests.bench.pages import Page
from tests.evaluation.samples import HEADER, answer, failed, mixed, passage, question, statement, text

MANY = RecordedRun.of(
    HEADER,
    [
        *mixed().lines,
        *(
            question(f"q{n}", answer("Paris" if n % 3 else "Rome"), ["Paris"], passages=[passage("c1", n / 40)])
            for n in range(40)
        ),
    ],
)

RUNS = {
    "mixed": mixed(),
    "many": MANY,
    "failures alone": RecordedRun.of(HEADER, [failed("a")]),
    "an abstention": RecordedRun.of(HEADER, [question("a", None, [])]),
    "an ordinary text": RecordedRun.of(HEADER, [text("t")]),
    "a statement": RecordedRun.of(HEADER, [statement("s", Verdict.VERBATIM, supported=True)]),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_the_page_is_well_formed_and_fetches_nothing(run: RecordedRun) -> None:
    page = html(evaluate([run]))
    read = Page(page)

    assert read.fetched == []
    assert "script" not in read.tags
    assert not re.search(r"url\(|@import|https?:", page)
    assert not re.search(r"\bnan\b", page, re.IGNORECASE)


def test_every_part_is_shown() -> None:
    text = Page(html(evaluate([MANY]))).text

    for heading in (
        "Measures",
        "Risk and coverage",
        "Confidence",
        "Calibration of relevance",
        "How the questions ended",
        "Verdicts by kind of statement",
        "Guards by category",
        "Guards by language",
        "What guards found in place of what",
        "Time by stage",
        "Consumption by purpose",
        "By slice",
    ):
        assert heading in text


def test_every_chart_says_in_words_what_it_shows() -> None:
    charts = re.findall(r'<svg ([^>]*role="img"[^>]*)>', html(evaluate([MANY])))
    labels = [re.search(r'aria-label="([^"]+)"', chart) for chart in charts]

    assert len(charts) >= 10
    assert all(labels)


def test_texts_from_files_are_escaped() -> None:
    line = statement("s", Verdict.VERBATIM, supported=True, kind="<script>alert(1)</script>", labels=["<b>de</b>"])
    page = html(evaluate([RecordedRun.of(HEADER, [line])]))

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "script" not in Page(page).tags


def test_a_result_without_slices_has_no_table_of_them() -> None:
    assert "By slice" not in Page(html(evaluate([RUNS["a statement"]]))).text

"""The figures of detection on its page are those that were measured."""

import json

from bench.guards.detection import FIGURES, PAGE, Detection, Row, found_rows, with_tables
from groundwire_server.adapters.guards.instructions.guard import instruction_version


def test_the_page_has_the_published_figures() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page, json.loads(FIGURES.read_text(encoding="utf-8"))["rows"]) == page


def test_the_figures_are_of_these_rules() -> None:
    published = json.loads(FIGURES.read_text(encoding="utf-8"))
    assert published["rules"] == instruction_version(), "python -m bench.guards.detection --publish"
    found = [row.facts for row in found_rows(Detection())]
    assert published["rows"][: len(found)] == found


def test_a_table_has_a_row_for_each_kind_that_has_texts() -> None:
    page = "<!-- found: made by bench.guards.detection -->\nold\n<!-- end -->"
    rows = [Row("planted documents", "code_comment", 1, 2).facts, Row("adapted passages", "all", 0, 0).facts]
    assert with_tables(page, rows).splitlines()[1:-1] == [
        "",
        "| what | kind | of | flagged |",
        "|---|---|---|---|",
        "| planted documents | code comment | 2 | 1 (50.0%) |",
        "",
    ]

"""Passages are cut into what a statement can be compared with."""

import pytest

from groundwire_server.domain.claims.evidence import EvidenceText


def units(text: str) -> list[str]:
    return [unit.text for unit in EvidenceText(text).units]


TABLE = """Prices of the ferry:

| Route | Single | Return |
|---|---:|---|
| Lund | £4 | £7 |
| Sarn | £6 | £11 |

Children travel free."""

LIST = """The controller needs:
- two cores
- 4 GB of memory

It runs on Linux."""

CODE = """def with_retry(call, attempts=4):
    for attempt in range(attempts):
        call()
"""


def test_rows_of_a_table_come_with_their_header() -> None:
    found = units(TABLE)
    assert "Route Lund, Single £4, Return £7" in found
    assert "Route Sarn, Single £6, Return £11" in found
    assert "Children travel free." in found
    assert not any("---" in each for each in found)


def test_rows_are_marked() -> None:
    assert [unit.text for unit in EvidenceText(TABLE).units if unit.row][1:] == [
        "Route Lund, Single £4, Return £7",
        "Route Sarn, Single £6, Return £11",
    ]


def test_rows_without_a_header_are_their_cells() -> None:
    assert units("| Lund | £4 |\n| Sarn | £6 |") == ["Lund £4", "Sarn £6"]


def test_a_row_of_another_width_than_the_header_is_its_cells() -> None:
    assert "Lund £4" in units("| Route | Single | Return |\n|---|---|---|\n| Lund | £4 |")


def test_items_of_a_list_come_with_their_lead_in() -> None:
    found = units(LIST)
    assert "The controller needs: - two cores" in found
    assert "The controller needs: - 4 GB of memory" in found
    assert "It runs on Linux." in found


def test_a_long_lead_in_is_shortened() -> None:
    found = units("very " * 80 + "long:\n- one\n- two")
    assert all(len(each) < 220 for each in found if each.endswith(("one", "two")))


def test_a_long_row_is_cut_as_sentences_are() -> None:
    assert all(len(each) <= 1000 for each in units("| " + "word " * 600 + "|"))


@pytest.mark.parametrize("between", ["\n", "\n\n", "\n```python\n"])
def test_the_lines_of_a_definition_come_together_after_their_caption(between: str) -> None:
    found = units(f"The helper retries calls:{between}{CODE}")
    assert "The helper retries calls: def with_retry(call, attempts=4): for attempt in range(attempts): call()" in found


def test_a_sentence_before_a_definition_is_no_caption() -> None:
    found = units(f"Calls may fail.\n\n{CODE}")
    assert "def with_retry(call, attempts=4): for attempt in range(attempts): call()" in found
    assert "Calls may fail." in found


def test_a_caption_belongs_to_one_definition() -> None:
    found = units("Two helpers:\ndef one():\n    return 1\ndef two():\n    return 2\n")
    assert "Two helpers: def one(): return 1" in found
    assert "def two(): return 2" in found


@pytest.mark.parametrize("text", ["", "\n\n", "|", "||\n||", "|---|", "-", "def f():", ":", "a:\n-"])
def test_texts_of_hardly_anything_are_read(text: str) -> None:
    evidence = EvidenceText(text)
    assert all(unit.known <= evidence.known for unit in evidence.units)
    assert evidence.known <= {"a", "def", "f", "|"}


def test_terms_of_the_title_are_known() -> None:
    assert "lumen" in EvidenceText("It syncs files.", "Lumen Sync").known


def test_initials_hold_acronyms_with_and_without_function_words() -> None:
    initials = EvidenceText("The Department of Energy paid the Central Bank.").initials
    assert "doe" in initials
    assert "cb" in initials

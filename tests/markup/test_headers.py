"""Which rows of a table name its columns."""

import pytest

from groundwire_server.markup.headers import headed

ROWS = [["Peru", "12"], ["Chile", "9"]]


def rows(text: str) -> list[list[str]]:
    return [line.split(",") for line in text.split()]


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("Land,Fee Peru,12 Chile,9", "Land,Fee"),
        ("Land,Capital Peru,Lima Chile,Santiago", "Land,Capital"),
        ("Land,2019,2020,2021 Peru,12,14,15 Chile,9,8,7", "Land,2019,2020,2021"),
        (",2019,2020 Peru,12,14 Chile,9,8", ",2019,2020"),
        ("Land,2019/20,2020/21 Peru,12,14 Chile,9,8", "Land,2019/20,2020/21"),
        ("Land,2024-01,2024-02 Peru,12,14 Chile,9,8", "Land,2024-01,2024-02"),
        ("Room,08:00,09:00 Hall,Yoga,Chess Yard,Football,", "Room,08:00,09:00"),
        ("Size,36,38,40,42 Red,7,0,2,5 Blue,1,9,9,2", "Size,36,38,40,42"),
        ("Team,1,2,3 Blue,won,lost,lost Red,lost,won,won", "Team,1,2,3"),
        ("Code,H1,H2 A1,3,4 A2,5,6", "Code,H1,H2"),
    ],
)
def test_a_first_row_of_names_is_the_header(text: str, header: str) -> None:
    first, *others = rows(text)
    found = headed(rows(text))
    assert found.header == header.split(",") == first
    assert list(found.rows) == others


@pytest.mark.parametrize(
    "text",
    [
        "Peru,12 Chile,9",
        "Germany,2019 France,2018 Spain,2020",
        "2024-01-03,12 2024-01-04,13",
        "Anna,Paris Ben,London Carl,Paris",
        "Anna,a@example.org Ben,b@example.org",
        "Logo,https://example.org/a.png Icon,https://example.org/b.png",
        "A7,yes B2,no C9,no",
        "Anna,1,2,3 Ben,4,5,6",
        "x,x Peru,Chile",
    ],
)
def test_a_first_row_of_values_is_no_header(text: str) -> None:
    found = headed(rows(text))
    assert found.header is None
    assert list(found.rows) == rows(text)


@pytest.mark.parametrize(
    ("titles", "before"),
    [
        ([["Fees"]], ["Fees"]),
        ([["", "Fees"], [], ["as of May"]], ["Fees", "as of May"]),
        ([["Fees", "Fees"]], ["Fees"]),
    ],
    ids=["a cell", "in another column", "merged"],
)
def test_lines_above_the_header_stand_before_the_table(titles: list[list[str]], before: list[str]) -> None:
    found = headed([*titles, ["Land", "Fee"], *ROWS])
    assert (found.before, found.header, found.rows) == (before, ["Land", "Fee"], ROWS)


def test_a_title_with_a_date_stands_before_the_table() -> None:
    table = [["Land", "Fee", "Note", "Code"], *([*row, "-", "x"] for row in ROWS)]
    found = headed([["Fees", "", "2026-05-01"], *table])
    assert (found.before, found.header) == (["Fees 2026-05-01"], table[0])


@pytest.mark.parametrize(
    "groups", [["Land", "2024", "2024", "2025", "2025"], ["Land", "2024", "", "2025", ""]], ids=["merged", "gaps"]
)
def test_groups_go_into_the_names_of_their_columns(groups: list[str]) -> None:
    found = headed([groups, ["", "Plan", "Actual", "Plan", "Actual"], ["Peru", "1", "2", "3", "4"]])
    assert found.header == ["Land", "2024 Plan", "2024 Actual", "2025 Plan", "2025 Actual"]
    assert found.rows == [["Peru", "1", "2", "3", "4"]]


def test_units_go_into_the_names_of_their_columns() -> None:
    found = headed([["Item", "Weight", "Price"], ["", "kg", "[EUR]"], ["Pen", "0.1", "2"], ["Ink", "0.4", "3"]])
    assert found.header == ["Item", "Weight (kg)", "Price (EUR)"]
    assert found.rows == [["Pen", "0.1", "2"], ["Ink", "0.4", "3"]]


@pytest.mark.parametrize("row", [["Pen", "none", "2"], ["", "none", "sold"]])
def test_a_row_of_values_has_no_units(row: list[str]) -> None:
    found = headed([["Item", "Weight", "Price"], row, ["Ink", "heavy", "3"]])
    assert found.header == ["Item", "Weight", "Price"]


def test_columns_without_text_are_left_out() -> None:
    found = headed([["", "Land", "", "Fee"], ["", "Peru", " ", "12"], ["", "Chile", "", "9"]])
    assert (found.header, found.rows) == (["Land", "Fee"], ROWS)


def test_nothing_is_nothing() -> None:
    assert headed([]).rows == headed([[""], []]).rows == []

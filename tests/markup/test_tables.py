import pytest

from groundwire_server.markup.blocks import blocks
from groundwire_server.markup.tables import all_rows, rows

TABLE = """Fees:

| Country | Return fee | Days |
| :-- | --: | --- |
| France | 4 EUR | 14 |
| `a \\| b` | | 30 | too much |
| Spain |

Text | with a bar.
"""


def test_a_row_has_the_columns_of_its_header() -> None:
    (table,) = (block for block in blocks(TABLE) if block.header)
    found = rows(TABLE, table)
    assert [row.cells for row in found] == [
        ["France", "4 EUR", "14"],
        ["`a \\| b`", "", "30"],
        ["Spain", "", ""],
    ]
    assert all(row.columns == ["Country", "Return fee", "Days"] for row in found)
    assert TABLE[found[0].stretch.start : found[0].stretch.end] == "| France | 4 EUR | 14 |"
    assert all_rows(TABLE) == found


def test_a_text_without_tables_has_no_rows() -> None:
    assert all_rows("a | b\n\nc") == []
    assert rows("Text.", blocks("Text.")[0]) == []


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (None, "Country: France; Return fee: 4 EUR; Days: 14"),
        ((), "Country: France"),
        ((2,), "Country: France; Days: 14"),
    ],
)
def test_a_row_is_said_as_pairs(columns: tuple[int, ...] | None, said: str) -> None:
    row = all_rows(TABLE)[0]
    assert row.said(columns) == said
    assert row.says(said)


def test_cells_without_a_column_or_a_value() -> None:
    row = all_rows("| | etcd | Other |\n|---|---|---|\n| Size | 1 GB | |\n")[0]
    assert row.said() == "Size; etcd: 1 GB"
    assert row.says("Size; etcd: 1 GB")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Country: France; Return fee: 14; Days: 4 EUR",
        "Country: France; Return fee: 7 EUR",
        "Country: Spain; Return fee: 4 EUR",
        "Return fee: 4 EUR; Days: 14",
        "Country: France; Days: 14; Return fee: 4 EUR",
        "Country: France; Return fee: 4 EUR; Days: 14; Tax: none",
        "Country: France; Return fee: 4 EUR2",
        "Country: Fran",
    ],
)
def test_no_other_pairs_are_a_row(text: str) -> None:
    assert not any(row.says(text) for row in all_rows(TABLE))

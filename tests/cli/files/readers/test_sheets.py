"""CSV, XLSX and JSON as tables."""

import io
import re
import zipfile
from datetime import date, time

import openpyxl
import pytest

from groundwire_server.cli.files.readers.json_text import read as read_json
from groundwire_server.cli.files.readers.sheets import read_csv, read_xlsx

TABLE = "| Land | Fee |\n| --- | --- |\n| Peru | 12 |\n| Chile | 9 |"


@pytest.mark.parametrize(
    "content",
    [
        b"Land,Fee\nPeru,12\nChile,9\n",
        b"Land;Fee\r\nPeru;12\r\nChile;9\r\n",
        b'"Land"\t"Fee"\n"Peru"\t"12"\n"Chile"\t"9"\n',
        b"Land|Fee\nPeru|12\nChile|9\n",
        b"\xef\xbb\xbfLand,Fee,\n,,\nPeru,12,\nChile,9,\n",
        "Land,Fee\nPeru,12\nChile,9\n".encode("utf-16"),
    ],
    ids=["comma", "semicolon", "tab", "bar", "empty cells", "utf-16"],
)
def test_a_row_comes_with_its_header(content: bytes) -> None:
    assert read_csv(content, "a.csv").text.strip() == TABLE


def test_data_without_a_header_has_numbered_columns() -> None:
    found = read_csv(b"Peru,12\nChile,9\n", "a.csv").text
    assert found.startswith("| Column 1 | Column 2 |\n| --- | --- |\n| Peru | 12 |")


def test_a_title_before_the_header_is_no_header() -> None:
    assert read_csv(b"Fees of 2026\nLand,Fee\nPeru,12\nChile,9\n", "a.csv").text.strip() == f"Fees of 2026\n\n{TABLE}"


def test_cells_with_bars_and_line_breaks_stay_cells() -> None:
    assert "| Peru | 12 \\| 13 and more |" in read_csv(b'Land,Fee\nPeru,"12 | 13\nand more"\n', "a.csv").text


def test_each_visible_sheet_is_a_section() -> None:
    book = openpyxl.Workbook()
    book.active.title = "Fees"
    for row in (["Land", "Fee"], ["Peru", 12.0], [], ["Chile", 9]):
        book.active.append(row)
    book.create_sheet("Empty")
    hidden = book.create_sheet("Draft")
    hidden.append(["secret"])
    hidden.sheet_state = "hidden"
    book.properties.title = "All fees"
    packed = io.BytesIO()
    book.save(packed)

    found = read_xlsx(packed.getvalue(), "a.xlsx")

    assert found.text.strip() == f"# Fees\n\n{TABLE}"
    assert found.title == "All fees"
    assert found.warnings == ["the hidden sheet Draft is left out"]


def test_json_is_read_as_what_it_says() -> None:
    assert read_json(b'[{"Land": "Peru", "Fee": 12}, {"Land": "Chile", "Fee": 9}]', "a.json").text.strip() == TABLE
    found = read_json(b'{"title": "Fees", "open": true, "lands": ["Peru", "Chile"], "by": {"card": 1}}', "a.json")
    assert found.title == "Fees"
    assert found.text.strip() == "- title: Fees\n- open: true\n\n# lands\n\n- Peru\n- Chile\n\n# by\n\n- card: 1"


def workbook(*rows: list[object]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return book


def written(book: openpyxl.Workbook) -> bytes:
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def test_a_sheet_that_names_fewer_cells_than_it_has_is_read_whole() -> None:
    plain = written(workbook(["Land", "Fee"], ["Peru", 12]))
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', old.read(name)))
    assert "| Peru | 12 |" in read_xlsx(changed.getvalue(), "a.xlsx").text


def test_formulas_without_a_result_are_counted() -> None:
    found = read_xlsx(written(workbook(["Item", "Price", "Total"], ["Pen", 2, "=B2*3"], ["Ink", 3, "=B3*3"])), "a.xlsx")
    assert found.warnings == ["2 formulas without a result are left out: save it in a program that calculates them"]
    assert not read_xlsx(written(workbook(["Item", "Price"], ["Pen", 2])), "a.xlsx").warnings


def test_a_share_is_read_as_it_is_shown() -> None:
    book = workbook(["Item", "Discount"], ["Pen", 0.15])
    book.active["B2"].number_format = "0%"
    assert "| Pen | 15% |" in read_xlsx(written(book), "a.xlsx").text


def test_a_header_of_years_is_one() -> None:
    found = read_csv(b"Land,2019,2020\nPeru,12,14\nChile,9,8\n", "a.csv").text
    assert found.splitlines()[0] == "| Land | 2019 | 2020 |"


def test_a_line_that_names_the_separator_is_no_row() -> None:
    assert read_csv(b"sep=;\r\nLand;Fee\r\nPeru;12\r\nChile;9\r\n", "a.csv").text.strip() == TABLE


def test_columns_and_rows_around_a_table_are_left_out() -> None:
    book = workbook([], [None, "Fees of 2026"], [], [None, "Land", None, "Fee"], [None, "Peru", None, 12])
    assert read_xlsx(written(book), "a.xlsx").text.strip() == (
        "# Sheet\n\nFees of 2026\n\n| Land | Fee |\n| --- | --- |\n| Peru | 12 |"
    )


def test_a_merged_cell_stands_at_each_of_its_places() -> None:
    book = workbook(["Land", "Fees"], [None, "2024", "2025"], ["Peru", 1, 2], [None, 3, 4], ["Chile", "none"])
    for cells in ("A1:A2", "B1:C1", "A3:A4", "B5:C5"):
        book.active.merge_cells(cells)
    found = read_xlsx(written(book), "a.xlsx").text
    assert found.splitlines()[2:] == [
        "| Land | Fees 2024 | Fees 2025 |",
        "| --- | --- | --- |",
        "| Peru | 1 | 2 |",
        "| Peru | 3 | 4 |",
        "| Chile | none | none |",
    ]


@pytest.mark.parametrize(
    ("value", "shape", "shown"),
    [
        (0.1 + 0.2, "General", "0.3"),
        (12.5, '#,##0.00\\ "€"', "12.5 €"),
        (12.5, "#,##0.00\\ [$€-407];-#,##0.00\\ [$€-407]", "12.5 €"),
        (12.5, '"$"#,##0.00_);\\("$"#,##0.00\\)', "$12.5"),
        (3, '0" kg"', "3 kg"),
        (3, '"Q"0', "Q3"),
        (3, "[$-407]0", "3"),
        (1e20, "General", "1e+20"),
        (123456789012345, "0", "123456789012345"),
        (date(2026, 5, 1), "dd.mm.yyyy", "2026-05-01"),
        (45000, "dd/mm/yy", "2023-03-15"),
        (time(8, 30), "hh:mm", "08:30:00"),
        (True, "General", "True"),
    ],
)
def test_a_value_is_read_as_it_is_shown(value: object, shape: str, shown: str) -> None:
    book = workbook(["Item", "Value"], ["Pen", value])
    book.active["B2"].number_format = shape
    assert f"| Pen | {shown} |" in read_xlsx(written(book), "a.xlsx").text

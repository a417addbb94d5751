"""DOCX as Markdown."""

import io
import zipfile

import docx
import pytest

from groundwire_server.cli.files.readers.port import UnreadableContentError
from groundwire_server.cli.files.readers.word import read
from tests.cli.files import samples


def saved(document: object) -> bytes:
    packed = io.BytesIO()
    document.save(packed)  # type: ignore[attr-defined]
    return packed.getvalue()


def document() -> object:
    made = docx.Document()
    made.core_properties.title = "The properties' title"
    return made


def test_headings_lists_and_tables_are_kept() -> None:
    made = docx.Document()
    made.add_heading("Handbook", 0)
    made.add_heading("Fees", 1)
    made.add_paragraph("These are the fees:")
    table = made.add_table(3, 2)
    for row, texts in zip(table.rows, (("Land", "Fee"), ("Peru", "12"), ("Chile", "9")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    made.add_paragraph("Open the app", style="List Number")
    made.add_paragraph("Pay", style="List Number")
    made.add_paragraph("by card", style="List Bullet 2")
    made.add_paragraph("# no heading")

    found = read(saved(made), "a.docx")

    assert found.title == "Handbook"
    assert found.text.strip() == (
        "# Handbook\n\n# Fees\n\nThese are the fees:\n\n| Land | Fee |\n| --- | --- |\n| Peru | 12 |\n| Chile | 9 |\n\n"
        "1. Open the app\n2. Pay\n   - by card\n\n\\# no heading"
    )


def test_the_title_property_counts_where_there_is_no_heading() -> None:
    made = document()
    made.add_paragraph("Text.")  # type: ignore[attr-defined]
    assert read(saved(made), "a.docx").title == "The properties' title"
    assert read(samples.docx("Text."), "a.docx").title == ""


def test_what_stands_at_the_head_and_foot_of_pages_is_kept() -> None:
    made = docx.Document()
    made.add_paragraph("Text.")
    made.sections[0].header.paragraphs[0].text = "Confidential until May"
    made.sections[0].footer.paragraphs[0].text = "Page 1"
    found = read(saved(made), "a.docx").text
    assert found.strip() == "Text.\n\n# Page headers and footers\n\nConfidential until May\n\nPage 1"


def test_a_document_with_macros_is_read_without_them() -> None:
    plain = samples.docx("Parcels wait.")
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            part = old.read(name).replace(
                b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
                b"application/vnd.ms-word.document.macroEnabled.main+xml",
            )
            new.writestr(name, part)
        new.writestr("word/vbaProject.bin", b"Sub AutoOpen()")
    found = read(packed.getvalue(), "a.docm")
    assert found.text.strip() == "Parcels wait."


def test_entities_are_not_expanded() -> None:
    packed = io.BytesIO()
    bomb = '<!DOCTYPE d [<!ENTITY a "lol">' + "".join(
        f'<!ENTITY {one} "{f"&{other};" * 10}">' for other, one in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with zipfile.ZipFile(io.BytesIO(samples.docx("&i;"))) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, f"{bomb}]>".encode() + part if name == "word/document.xml" else part)
    with pytest.raises(UnreadableContentError, match="damaged"):
        read(packed.getvalue(), "a.docx")

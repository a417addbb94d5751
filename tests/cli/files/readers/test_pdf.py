"""PDF as Markdown, page by page."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen import canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    ListFlowable,
    PageBreak,
    PageTemplate,
    Paragraph,
    SimpleDocTemplate,
    Table,
)

from groundwire_server.cli.files.readers.pdf import read
from groundwire_server.cli.files.readers.pdf_letters import logical
from tests.cli.files import samples

STYLES = getSampleStyleSheet()
PROSE = "The mail room opens at nine and closes at five. Parcels wait there for a week before they are sent back. "


def made(flow: Sequence[Any], on_page: Callable[[Any, Any], None] | None = None) -> bytes:
    packed = io.BytesIO()
    drawn = on_page or (lambda *_: None)
    SimpleDocTemplate(packed, pagesize=A4, title="The properties' title").build(
        list(flow), onFirstPage=drawn, onLaterPages=drawn
    )
    return packed.getvalue()


def with_letters(text: str, letters: str) -> bytes:
    """A PDF whose font says that it has other letters for some codes."""
    mapped = f"1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfrange {letters} endbfrange"
    stream = f"6 0 obj\n<< /Length {len(mapped)} >>\nstream\n{mapped}\nendstream\nendobj\nxref"
    plain = samples.pdf(text).replace(b"/Helvetica >>", b"/Helvetica /ToUnicode 6 0 R >>")
    return plain.replace(b"xref", stream.encode(), 1)


def prose(text: str = PROSE * 2, style: str = "BodyText") -> Paragraph:
    return Paragraph(text, STYLES[style])


def ruled(rows: Sequence[Sequence[str]]) -> Table:
    return Table(rows, style=[("GRID", (0, 0), (-1, -1), 1, colors.black)])


def test_headings_are_told_by_the_size_of_their_letters() -> None:
    found = read(made([prose("Handbook", "Title"), prose(), prose("Mail", "Heading2"), prose()]), "a.pdf")
    assert found.title == "Handbook"
    assert [line for line in found.text.splitlines() if line.startswith("#")] == ["# Handbook", "## Mail"]


def test_a_ruled_table_is_a_table() -> None:
    rows = [["Land", "Fee", "Days"], ["Peru", "12", "3"], ["Chile", "9", "4"], ["Cuba", "7", "5"]]
    found = read(made([prose(), ruled(rows), prose("After.")]), "a.pdf").text
    table = "| Land | Fee | Days |\n| --- | --- | --- |\n| Peru | 12 | 3 |\n| Chile | 9 | 4 |\n| Cuba | 7 | 5 |"
    assert f"\n\n{table}\n\nAfter." in found


def test_columns_are_read_one_after_the_other() -> None:
    packed = io.BytesIO()
    width, height = A4
    frames = [Frame(40, 40, width / 2 - 60, height - 80), Frame(width / 2 + 20, 40, width / 2 - 60, height - 80)]
    document = BaseDocTemplate(packed, pagesize=A4)
    document.addPageTemplates(PageTemplate(frames=frames))
    numbered = [
        f"Rule {number}: parcels of rule {number} wait for {number} days in the mail room." for number in range(90)
    ]
    document.build([prose(each) for each in numbered])

    text = " ".join(read(packed.getvalue(), "a.pdf").text.split())

    places = [text.find(each) for each in numbered]
    assert -1 not in places
    assert places == sorted(places)


def test_running_lines_and_page_numbers_are_left_out_and_pages_counted() -> None:
    def running(drawn: Any, document: Any) -> None:
        drawn.drawString(72, 810, f"Handbook of the mail room, edition {document.page}")
        drawn.drawString(290, 20, f"Page {document.page} of 5")

    pages = [each for number in range(5) for each in (prose(f"Rule {number} holds. {PROSE}"), PageBreak())]
    found = read(made(pages, running), "a.pdf").text
    assert found.count("\f") == 4
    assert "edition" not in found
    assert "of 5" not in found
    assert [f"Rule {number} holds." in page for number, page in enumerate(found.split("\f"))] == [True] * 5


def test_running_lines_of_every_other_page_are_left_out() -> None:
    def running(drawn: Any, document: Any) -> None:
        drawn.drawString(72, 810, "Handbook" if document.page % 2 else "The mail room")
        drawn.drawString(72, 20, f"Chapter {'one' if document.page < 3 else 'two'}")

    pages = [each for number in range(5) for each in (prose(f"Rule {number} holds. {PROSE}"), PageBreak())]
    found = read(made(pages, running), "a.pdf").text
    assert "Handbook" not in found
    assert found.count("The mail room") == PROSE.count("The mail room") * 5
    assert found.count("Chapter one") == 2


def test_letters_that_are_drawn_again_to_look_bold_are_read_once() -> None:
    packed = io.BytesIO()
    drawn = canvas.Canvas(packed)
    for shift in (0, 0.3, 0.6):
        drawn.drawString(72 + shift, 700 - shift, "Parcels fill the hall: 1100.")
    drawn.save()
    assert read(packed.getvalue(), "a.pdf").text.strip() == "Parcels fill the hall: 1100."


@pytest.mark.parametrize(
    ("drawn", "read_as"),
    [
        ("\u05dd\u05d5\u05dc\u05e9", "\u05e9\u05dc\u05d5\u05dd"),
        ("3.5 \u05d1 12 EUR \u05d0\u05d2", "\u05d2\u05d0 12 EUR \u05d1 3.5"),
        ("34 12 \u05d0\u05d2", "\u05d2\u05d0 12 34"),
        ("Say \u05d2\u05d1 \u05d0 to all of them", "Say \u05d0 \u05d1\u05d2 to all of them"),
        ("\ufe91\ufe8e", "\u0627\u0628"),
        ("Cats purr 12 times.", "Cats purr 12 times."),
    ],
)
def test_a_line_from_right_to_left_is_read_so(drawn: str, read_as: str) -> None:
    assert logical(drawn) == read_as


def test_a_page_from_right_to_left_is_read_so() -> None:
    # The letters a, b and c of the font are Alef, Bet and Gimel.
    drawn = with_letters("cb a 12", "<61> <63> <05d0>")
    assert read(drawn, "a.pdf").text.strip() == "12 \u05d0 \u05d1\u05d2"


def test_a_list_is_a_list() -> None:
    items = ListFlowable([prose("Open the app"), prose("Pay the fee")], bulletType="bullet", start="•")
    found = read(made([prose("Do this:"), items]), "a.pdf").text
    assert "- Open the app\n\n- Pay the fee" in found


@pytest.mark.parametrize("hyphen", ["2010", "00ad"])
def test_words_with_hyphens_of_unicode_are_whole(hyphen: str) -> None:
    drawn = with_letters("Wait in the caraz) Tj 0 -14 Td (van.", f"<7a> <7a> <{hyphen}>")
    assert read(drawn, "a.pdf").text.strip() == "Wait in the caravan."


def test_words_that_were_hyphenated_are_whole() -> None:
    packed = io.BytesIO()
    drawn = canvas.Canvas(packed)
    drawn.drawString(72, 700, "Parcels wait in the cara-")
    drawn.drawString(72, 686, "van behind the house.")
    drawn.save()
    assert read(packed.getvalue(), "a.pdf").text.strip() == "Parcels wait in the caravan behind the house."


def test_pages_without_text_are_named() -> None:
    packed = io.BytesIO()
    drawn = canvas.Canvas(packed)
    for number in range(6):
        if number not in {1, 3, 4}:
            drawn.drawString(72, 700, f"Rule {number} holds.")
        drawn.showPage()
    drawn.save()
    assert read(packed.getvalue(), "a.pdf").warnings == ("pages 2, 4-5 without text: scanned pages need OCR first",)


def test_turned_text_is_left_out_with_a_warning() -> None:
    def turned(page: Any, _: object) -> None:
        page.saveState()
        page.translate(300, 300)
        page.rotate(90)
        page.drawString(0, 0, "Fees of 2026")
        page.restoreState()

    found = read(made([prose()], turned), "a.pdf")
    assert "Fees" not in found.text
    assert found.warnings == ("page 1: text that is turned is left out",)

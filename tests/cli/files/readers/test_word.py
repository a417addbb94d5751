"""DOCX as Markdown."""

import io
import zipfile

import docx
import pytest
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.oxml import serialize_part_xml
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls

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


def xml(text: str) -> object:
    """An element of WordprocessingML, whose tags are written without their prefix's declaration."""
    return parse_xml(text.replace(">", f" {nsdecls('w')}>", 1))


RUN = "<w:r><w:t>forty</w:t></w:r>"


@pytest.mark.parametrize(
    "within",
    [
        f"<w:ins>{RUN}</w:ins>",
        f"<w:moveTo>{RUN}</w:moveTo>",
        f"<w:sdt><w:sdtContent>{RUN}</w:sdtContent></w:sdt>",
        f"<w:fldSimple>{RUN}</w:fldSimple>",
        f"<w:smartTag>{RUN}</w:smartTag>",
        f"<w:hyperlink>{RUN}</w:hyperlink>",
    ],
)
def test_all_of_a_paragraph_is_read(within: str) -> None:
    made = docx.Document()
    paragraph = made.add_paragraph("The limit is ")
    paragraph._p.append(xml(within))  # python-docx writes none of these
    paragraph.add_run(" euros.")
    assert read(saved(made), "a.docx").text == "The limit is forty euros.\n"


def test_tracked_changes_are_read_as_accepted_with_a_warning() -> None:
    made = docx.Document()
    paragraph = made.add_paragraph("The limit is ")
    paragraph._p.append(xml("<w:del><w:r><w:delText>thirty</w:delText></w:r></w:del>"))
    paragraph._p.append(xml(f"<w:moveFrom>{RUN}</w:moveFrom>"))
    paragraph.add_run("fifty.")
    found = read(saved(made), "a.docx")
    assert found.text == "The limit is fifty.\n"
    assert found.warnings == ("has tracked changes: read as if all were accepted",)


@pytest.mark.parametrize(
    "block",
    [
        f"<w:sdt><w:sdtContent><w:p>{RUN}</w:p></w:sdtContent></w:sdt>",
        f"<w:customXml><w:p>{RUN}</w:p></w:customXml>",
        f"<w:p><w:r><w:pict><w:txbxContent><w:p>{RUN}</w:p></w:txbxContent></w:pict></w:r></w:p>",
        f"<w:tbl><w:tr><w:sdt><w:sdtContent><w:tc><w:p>{RUN}</w:p></w:tc></w:sdtContent></w:sdt></w:tr></w:tbl>",
    ],
    ids=["control", "custom XML", "text box", "cell in a control"],
)
def test_blocks_within_others_are_read(block: str) -> None:
    made = docx.Document()
    made.element.body.insert(0, xml(block))
    assert "forty" in read(saved(made), "a.docx").text


def test_a_table_in_a_cell_and_cells_that_span_keep_their_text() -> None:
    made = docx.Document()
    table = made.add_table(3, 3)
    for row, texts in zip(table.rows, (("City", "Year", "Fee"), ("Bonn", "2020", ""), ("", "2021", "9")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    inner = table.cell(1, 2).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "adults 9", "children 4"
    rows = read(saved(made), "a.docx").text.splitlines()[2:]
    assert rows == ["| Bonn | 2020 | adults 9, children 4 |", "| Bonn | 2021 | 9 |"]


def test_a_note_stands_after_the_block_that_refers_to_it() -> None:
    made = docx.Document()
    paragraph = made.add_paragraph("Members pay nothing")
    paragraph._p.append(xml('<w:r><w:footnoteReference w:id="2"/></w:r>'))
    made.add_paragraph("Others pay.")
    notes = xml(f'<w:footnotes><w:footnote w:id="2"><w:p>{RUN}</w:p></w:footnote></w:footnotes>')
    name = PackURI("/word/footnotes.xml")
    part = Part(name, CONTENT_TYPE.WML_FOOTNOTES, serialize_part_xml(notes), made.part.package)
    made.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    assert read(saved(made), "a.docx").text == "Members pay nothing[2]\n\n[2] forty\n\nOthers pay.\n"


def test_comments_are_left_out_with_a_warning() -> None:
    made = docx.Document()
    paragraph = made.add_paragraph("Text.")
    paragraph._p.append(xml('<w:r><w:commentReference w:id="0"/></w:r>'))
    assert read(saved(made), "a.docx").warnings == ("the comments are left out",)


NUMBERING = """
<w:abstractNum w:abstractNumId="90">
  <w:lvl w:ilvl="0"><w:start w:val="5"/><w:numFmt w:val="decimal"/></w:lvl>
  <w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/></w:lvl>
</w:abstractNum>
"""
NUMBERS = (
    '<w:num w:numId="91"><w:abstractNumId w:val="90"/></w:num>',
    (
        '<w:num w:numId="92"><w:abstractNumId w:val="90"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/>'
        "</w:lvlOverride></w:num>"
    ),
)


def test_items_have_the_numbers_that_the_document_gives_them() -> None:
    made = docx.Document()
    numbering = made.part.numbering_part.element
    numbering.insert(0, xml(NUMBERING))
    for each in NUMBERS:
        numbering.append(xml(each))
    for text, number, level in (
        ("five", 91, 0), ("a", 91, 1), ("b", 91, 1), ("six", 91, 0), ("a", 91, 1),
        ("", 0, 0), ("seven", 91, 0), ("one", 92, 0), ("two", 92, 0),
    ):  # fmt: skip
        paragraph = made.add_paragraph(text or "Between.")
        numbered = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
        paragraph._p.get_or_add_pPr().append(xml(numbered))
    assert read(saved(made), "a.docx").text == (
        "5. five\n   1. a\n   2. b\n6. six\n   1. a\n\nBetween.\n\n7. seven\n1) one\n2) two\n"
    )


def test_what_goes_on_in_a_list_is_no_item() -> None:
    made = docx.Document()
    for text, style in (("one", "List Number"), ("goes on", "List Continue"), ("two", "List Number")):
        made.add_paragraph(text, style=style)
    assert read(saved(made), "a.docx").text == "1. one\n\ngoes on\n\n2. two\n"


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([["Peru", "12"], ["Chile", "9"]], "|  |  |\n| --- | --- |\n| Peru | 12 |\n| Chile | 9 |\n"),
        ([["Land", "2025"], ["Chile", "9"]], "| Land | 2025 |\n| --- | --- |\n| Chile | 9 |\n"),
        ([["A box"], ["of two lines"]], "A box\n\nof two lines\n"),
    ],
    ids=["no header", "years", "one column"],
)
def test_a_table_has_the_header_that_it_looks_to_have(rows: list[list[str]], text: str) -> None:
    made = docx.Document()
    table = made.add_table(len(rows), len(rows[0]))
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, each in zip(row.cells, texts, strict=True):
            cell.text = each
    assert read(saved(made), "a.docx").text == text


def test_a_row_that_repeats_on_each_page_is_the_header() -> None:
    made = docx.Document()
    table = made.add_table(2, 2)
    for cell, text in zip([*table.rows[0].cells, *table.rows[1].cells], ("7", "9", "1", "2"), strict=True):
        cell.text = text
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    assert read(saved(made), "a.docx").text == "| 7 | 9 |\n| --- | --- |\n| 1 | 2 |\n"


def test_items_and_rows_in_a_cell_stay_apart() -> None:
    made = docx.Document()
    table = made.add_table(2, 2)
    for column, text in enumerate(("Land", "Fees")):
        table.cell(0, column).text = text
    first = table.cell(1, 0).paragraphs[0]
    first.text, first.style = "Peru", "List Bullet"
    table.cell(1, 0).add_paragraph("Chile", style="List Bullet")
    inner = table.cell(1, 1).add_table(2, 2)
    for cell, text in zip([*inner.rows[0].cells, *inner.rows[1].cells], ("old", "4", "young", "2"), strict=True):
        cell.text = text
    assert read(saved(made), "a.docx").text.splitlines()[-1] == "| Peru; Chile | old, 4; young, 2 |"


@pytest.mark.parametrize(
    ("property_", "shown"),
    [
        ("<w:vanish/>", "Fee 9."),
        ('<w:vanish w:val="0"/>', "Fee 12 9."),
        ("<w:strike/>", "Fee ~~12~~ 9."),
        ("<w:dstrike/>", "Fee ~~12~~ 9."),
        ("<w:b/>", "Fee 12 9."),
    ],
)
def test_hidden_text_is_left_out_and_struck_text_is_marked(property_: str, shown: str) -> None:
    made = docx.Document()
    paragraph = made.add_paragraph("Fee ")
    paragraph._p.append(xml(f'<w:r><w:rPr>{property_}</w:rPr><w:t xml:space="preserve">12 </w:t></w:r>'))
    paragraph.add_run("9.")
    assert read(saved(made), "a.docx").text == f"{shown}\n"


def test_formulas_are_read_as_text() -> None:
    made = docx.Document()
    paragraph = made.add_paragraph("Here ")
    math = "http://schemas.openxmlformats.org/officeDocument/2006/math"
    paragraph._p.append(parse_xml(f'<m:oMath xmlns:m="{math}"><m:r><m:t>x=1</m:t></m:r></m:oMath>'))
    assert read(saved(made), "a.docx").text == "Here x=1\n"


def test_the_heads_and_feet_of_even_pages_are_read() -> None:
    made = docx.Document()
    made.add_paragraph("Text.")
    section = made.sections[0]
    made.settings.odd_and_even_pages_header_footer = True
    section.even_page_header.paragraphs[0].text = "Even head"
    section.even_page_footer.paragraphs[0].text = "Even foot"
    assert read(saved(made), "a.docx").text.endswith("\n\nEven head\n\nEven foot\n")


def test_a_strict_document_is_named_as_one() -> None:
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(samples.docx("Text."))) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            ordinary, strict = b"schemas.openxmlformats.org/officeDocument/2006", b"purl.oclc.org/ooxml/officeDocument"
            new.writestr(name, old.read(name).replace(ordinary, strict))
    with pytest.raises(UnreadableContentError, match="is Strict Open XML: save it as an ordinary DOCX"):
        read(changed.getvalue(), "a.docx")


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("https://example.org/fees", "See [the fees](https://example.org/fees)"),
        ("javascript:pay()", "See the fees"),
    ],
)
def test_links_lead_where_they_do_in_the_document(target: str, shown: str) -> None:
    made = docx.Document()
    paragraph = made.add_paragraph("See ")
    id_ = made.part.relate_to(target, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = f'<w:hyperlink {nsdecls("w", "r")} r:id="{id_}"><w:r><w:t>the fees</w:t></w:r></w:hyperlink>'
    paragraph._p.append(parse_xml(link))
    assert read(saved(made), "a.docx").text == f"{shown}\n"

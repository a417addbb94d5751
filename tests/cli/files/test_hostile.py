"""Files made to break what reads them: each is bounded and named, and the next one is read."""

import io
import json
import os
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

from groundwire_server.cli.files import reading
from groundwire_server.cli.files.converter import FILE_LIMIT, Converter
from groundwire_server.cli.files.entries import Given, Readable, Unreadable
from groundwire_server.domain.document import TEXT_LIMIT
from tests.cli.files import samples
from tests.cli.files.samples import only

LOL = '<!DOCTYPE d [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {one} "{f"&{other};" * 10}">' for other, one in zip("abcdefgh", "bcdefghi", strict=True)
)
"""A hundred million times three letters."""


def packed(content: bytes, name: str, *, replaced: bytes) -> bytes:
    """A ZIP with one part replaced."""
    new = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in old.namelist():
            archive.writestr(each, replaced if each == name else old.read(each))
    return new.getvalue()


def xlsx() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["Land", "Fee"])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def many_objects(count: int) -> bytes:
    """A PDF with objects that nothing refers to."""
    plain = samples.pdf("Parcels wait.")
    objects = b"".join(b"%d 0 obj\n<< /A [1 2 3] >>\nendobj\n" % number for number in range(6, count))
    return plain.replace(b"xref\n", objects + b"xref\n", 1)


SCHEMAS = "http://schemas.openxmlformats.org"
SHEET = f'{LOL}]><worksheet xmlns="{SCHEMAS}/spreadsheetml/2006/main"><sheetData><row><c t="str"><v>&i;</v>'
SHEET += "</c></row></sheetData></worksheet>"
WORD = f'{LOL}]><w:document xmlns:w="{SCHEMAS}/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&i;'
WORD += "</w:t></w:r></w:p></w:body></w:document>"


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deep.html", b"<div>" * 20_000 + b"text"),
        ("deep.rst", "".join("  " * depth + "* item\n\n" for depth in range(1000)).encode()),
        ("deep.json", b'{"a":' * 50_000),
        ("wide.csv", b"a," * 2_000_000),
        ("quote.csv", b'a,"' + b"x" * 3_000_000),
        (
            "entities.docx",
            packed(samples.docx("x"), "word/document.xml", replaced=WORD.encode()),
        ),
        (
            "entities.xlsx",
            packed(xlsx(), "xl/worksheets/sheet1.xml", replaced=SHEET.encode()),
        ),
        ("entities.html", LOL.encode() + b"]><p>&i;</p>"),
        (
            "deep.eml",
            b"Content-Type: multipart/mixed; boundary=a\n\n"
            + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 500,
        ),
        ("objects.pdf", many_objects(30_000)),
    ],
)
def test_what_is_made_to_break_a_reader_is_bounded(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "next.html").write_text("<p>Parcels wait.")

    with Converter(seconds=60) as converter:
        first, second = reading.read([tmp_path / name, tmp_path / "next.html"], Given(), converter)

    assert isinstance(first, Unreadable | Readable)
    assert isinstance(first, Unreadable) or len(first.document.text) < TEXT_LIMIT
    assert isinstance(second, Readable)
    assert second.document.text == "Parcels wait.\n"


def test_a_csv_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("wb") as sparse:
        sparse.truncate(2 * 1024**3)
    began = time.process_time()

    assert only(path) == Unreadable(str(path), "is 2.0 GiB long, and the limit is 64 MiB: split it")
    assert time.process_time() - began < 1


@pytest.mark.process
def test_a_csv_with_more_text_than_a_document_may_have_says_so(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    path.write_bytes(b"Land,Fee\n" + b"Peru,12\n" * (TEXT_LIMIT // 8))
    found = only(path)
    assert isinstance(found, Unreadable)
    assert found.why.endswith(": split it")
    assert path.stat().st_size < FILE_LIMIT


@pytest.mark.parametrize(
    "nested",
    ["> " * 10_000 + "x", "- " * 10_000 + "x", "[" * 10_000, "".join(" " * depth + "- x\n" for depth in range(1200))],
)
def test_markdown_that_is_nested_deeply_is_read_in_this_process(tmp_path: Path, nested: str) -> None:
    path = tmp_path / "deep.md"
    path.write_text(f"# Title\n\n{nested}\n")
    found = only(path)
    assert isinstance(found, Readable)
    assert found.document.title == "Title"


def test_a_name_that_is_no_utf_8_is_read_and_has_an_id_of_ascii(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md"))
    path.write_text("Text.")
    found = only(path)
    assert isinstance(found, Readable)
    assert found.document.document_id.endswith("caf%E9.md")
    assert json.dumps(found.document.source_uri).isascii()

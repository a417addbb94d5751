"""The second extraction finds the words of a file without what its reader knows."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from groundwire_server.cli.corpus.extraction import PROGRAM, extract, has_second
from groundwire_server.cli.files.converter import ConversionError, Converter
from tests.cli.files.samples import docx, locked, pdf

PAGE = """<!doctype html><meta charset=utf-8><title>Title</title><nav>Menu</nav><style>p { }</style>
<p>Seen<br>text <span style="display: none">hidden <b>deeper</b></span> <i aria-hidden=true>icon</i>after
<template><p>draft</template><footer>Imprint</footer>"""

MAIL = (
    b"Subject: A parcel\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Gr=C3=BC=C3=9Fe\r\n"
    b"--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nattached\r\n--x--\r\n"
)


def packed(parts: Mapping[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


@pytest.fixture(scope="module")
def second() -> Iterator[Converter]:
    with Converter(program=PROGRAM) as converter:
        yield converter


@pytest.mark.process
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.md", b"\xef\xbb\xbf# A *title*", "# A *title*"),
        ("a.txt", "Grüße".encode("latin-1"), "Grüße"),
        ("a.txt", "Grüße".encode("utf-16"), "Grüße"),
        ("a.csv", b"name,price\r\nkey,3\r\n", "name,price key,3"),
        ("a.rst", b".. note:: See :ref:`keys`\n   :name: x\n", "See `keys` x"),
        (
            "b.rst",
            b"One\n\n.. toctree::\n   :maxdepth: 2\n\n   pages/two\n\n.. autoclass:: X\n   :members: y\n\nThree\n",
            "One Three",
        ),
        ("b.txt", "Порядок в доме, ключи у дежурного.".encode("cp1251"), "Порядок в доме, ключи у дежурного."),
        ("a.html", PAGE.encode(), "Seen text after"),
        ("a.htm", "<meta charset=latin-1><p>Grüße".encode("latin-1"), "Grüße"),
        ("a.pdf", pdf("Parcels wait."), "Parcels wait."),
        ("a.docx", docx("Par</w:t></w:r><w:r><w:t>cels &amp; keys"), "Parcels & keys"),
        (
            "b.docx",
            packed(
                {
                    "word/document.xml": "<w:p><w:t>One</w:t></w:p><w:p><w:delText>gone</w:delText></w:p>",
                    "word/footer2.xml": '<w:p><w:t xml:space="preserve"> Two</w:t><w:tab/></w:p>',
                    "word/comments.xml": "<w:p><w:t>a comment</w:t></w:p>",
                }
            ),
            "One Two",
        ),
        ("a.xlsx", packed({"xl/sharedStrings.xml": "<si><t>key</t></si><si><t>room</t></si>"}), "key room"),
        ("a.eml", MAIL, "Grüße"),
    ],
)
def test_the_words_of_a_file(tmp_path: Path, second: Converter, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    assert has_second(path)
    assert " ".join(extract(path, second).split()) == words


@pytest.mark.process
@pytest.mark.parametrize(
    ("name", "content"), [("a.pdf", b"%PDF-1.4 torn"), ("b.pdf", locked(pdf("Parcels"))), ("a.docx", b"PK torn")]
)
def test_a_file_that_cannot_be_read_stops_nothing(tmp_path: Path, second: Converter, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(ConversionError):
        extract(path, second)


@pytest.mark.process
def test_a_file_that_is_gone_stops_nothing(tmp_path: Path, second: Converter) -> None:
    for name in ("a.md", "a.pdf"):
        with pytest.raises(ConversionError, match="cannot be read"):
            extract(tmp_path / name, second)


def test_some_files_have_no_second_reading(tmp_path: Path) -> None:
    assert not has_second(tmp_path / "a.jsonl")

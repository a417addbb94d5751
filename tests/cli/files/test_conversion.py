"""Files that are turned into text by a process of its own."""

import zipfile
from pathlib import Path

import pytest

from groundwire_server.cli.files import converter
from groundwire_server.cli.files.converter import ConversionError, Converter
from groundwire_server.cli.files.entries import Readable, Unreadable
from tests.cli.files.samples import docx, only, pdf


@pytest.mark.process
@pytest.mark.parametrize(
    ("name", "content", "title"),
    [
        ("a.docx", docx("Parcels wait in the mail room."), "a"),
        ("a.pdf", pdf("Parcels wait in the mail room."), "a"),
        ("a.html", b"<html><head><title>Mail</title></head><body><p>Parcels wait in the mail room.</p></body>", "Mail"),
        ("a.htm", "<meta charset=latin-1><h1>Grüße</h1><p>Parcels wait in the mail room.".encode("latin-1"), "Grüße"),
    ],
)
def test_a_document_of_an_office_becomes_text(tmp_path: Path, name: str, content: bytes, title: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    readable = only(path)

    assert isinstance(readable, Readable)
    assert "Parcels wait in the mail room." in readable.document.text
    assert readable.document.title == title


def test_a_pdf_over_the_limit_is_not_converted(tmp_path: Path) -> None:
    path = tmp_path / "big.pdf"
    with path.open("wb") as sparse:
        sparse.truncate(converter.FILE_LIMIT + 1)

    assert only(path) == Unreadable(str(path), "is 64.0 MiB long, and the limit is 64 MiB: split it")


@pytest.mark.process
def test_a_docx_that_unpacks_to_far_more_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w") as part:
        for _ in range(257):
            part.write(bytes(1024 * 1024))

    one = only(path)

    assert isinstance(one, Unreadable)
    assert one.why.startswith("unpacks to more than 256 MiB")


@pytest.mark.process
def test_a_file_that_takes_too_long_is_given_up_and_the_next_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    (tmp_path / "a.html").write_text("<p>Parcels")
    slow = Converter(seconds=0.05, program="tests.doubles.converter")
    with slow:
        for _ in range(2):
            with pytest.raises(ConversionError, match=r"took longer than 0.05 s to convert"):
                slow.convert(tmp_path / "a.html")
        assert slow._process is None


@pytest.mark.process
def test_a_converter_that_breaks_is_told_of_and_started_anew(tmp_path: Path) -> None:
    with Converter(program="no.such.module") as converter:
        for _ in range(2):
            with pytest.raises(ConversionError, match="crashes the converter"):
                converter.convert(tmp_path / "a.html")


@pytest.mark.process
def test_the_process_that_converts_ends_with_whoever_asked(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p>Parcels")
    with Converter() as converter:
        assert converter.convert(tmp_path / "a.html").text == "Parcels\n"
        process = converter._process
        assert process is not None
        assert converter.convert(tmp_path / "a.html").text == "Parcels\n"
        assert converter._process is process

    assert process.returncode is not None

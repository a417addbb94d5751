"""What a file that holds no text is told of as."""

from pathlib import Path

import pytest

from groundwire_server.cli.files.entries import Readable, Unreadable
from tests.cli.files.samples import locked, only, pdf


@pytest.mark.process
@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.pdf", b"%PDF-1.4 and then nothing of the kind", "cannot be converted: it is damaged, or not a PDF"),
        ("a.pdf", locked(pdf("Parcels")), "is protected with a password: store a copy without one"),
        ("a.docx", b"PK\x03\x04 torn", "cannot be converted: it is damaged, protected or not a DOCX"),
        ("a.pdf", pdf(" "), "contains no text: scanned pages need OCR first"),
        ("a.html", b"<script>Parcels</script>", "contains no text"),
        ("a.pdf", b"", "is empty"),
        ("a.md", b"", "is empty"),
        ("a.md", b" \n\t\n", "contains no text"),
        ("a.txt", "\u200b\ufeff \n".encode(), "contains no text"),
        ("a.txt", b"\xff\xfeG\x00r", "is not UTF-16, as its first bytes say"),
        ("a.csv", b"a,b\n\x00\xff", "is not a text file: convert it to text, or leave it out"),
        ("a.json", b"{", "is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("a.json", b"[" * 100_000, "is not JSON: it is nested too deeply"),
        ("a.eml", b"no headers at all", "is not a mail: it has no headers"),
        ("a.xlsx", b"PK\x03\x04 torn", "cannot be converted: it is damaged, protected or not a XLSX"),
        ("a.docx", b"no zip", "cannot be converted: it is damaged, protected or not a DOCX"),
        ("a.txt", b"\x7fELF\x02\x00\xff", "is not a text file: convert it to text, or leave it out"),
    ],
)
def test_a_file_that_holds_no_text_says_why(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    assert only(path) == Unreadable(str(path), why)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.md"
    path.write_text("text")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)

    assert only(path) == Unreadable(str(path), "cannot be read: Permission denied")


FIELDS = ("documentId", "title", "sourceUri", "text", "metadata", "allowedPrincipals", "textFormat")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("no", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[]", "is not a Document: it must be a JSON object"),
        ('{"text": "a"}', "has no documentId, which is required"),
        ('{"documentId": "a"}', "has no text, which is required"),
        (
            '{"document_id": "a", "tex": "a"}',
            f"is not a Document: unknown field tex; fields are {', '.join(FIELDS)}",
        ),
    ],
)
def test_a_line_that_holds_no_document_says_why(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f"\n{line}\n")

    assert only(path) == Unreadable(f"{path}:2", why)


@pytest.mark.process
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", rb'{"a": "one \ud800 two"}'),
        ("a.md", b'---\ntitle: "\\uD800x"\ntags: ["\\uDC00"]\nkind: "\\uD800"\n---\none two\n'),
    ],
)
def test_characters_that_no_text_may_have_are_replaced(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    found = only(path)

    assert isinstance(found, Readable)
    assert found.warnings == ("has characters that are no Unicode: they are replaced",)
    assert "one" in found.document.text

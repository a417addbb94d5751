"""What a file that holds no text is told of as."""

from pathlib import Path

import pytest

from groundwire_server.cli.files.entries import Unreadable
from tests.cli.files.samples import locked, only, pdf


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.pdf", b"%PDF-1.4 and then nothing of the kind", "cannot be converted: it is damaged, or no PDF"),
        ("a.pdf", locked(pdf("Parcels")), "is protected with a password: store a copy without one"),
        ("a.docx", b"PK\x03\x04 torn", "cannot be converted: it is damaged, protected or no DOCX"),
        ("a.pdf", pdf(" "), "holds no text: pages that are pictures must go through OCR first"),
        ("a.pdf", b"", "is empty"),
        ("a.md", b"", "is empty"),
        ("a.txt", "Grüße".encode("latin-1"), "is not UTF-8 (byte 2): convert it, as with iconv -f LATIN1 -t UTF-8"),
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

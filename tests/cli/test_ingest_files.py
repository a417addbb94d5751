"""What `groundwire ingest` makes of files of every kind, and what it remembers of them."""

import io
import json
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from groundwire.v1.document_service_pb2 import IngestDocumentsResponse
from groundwire_server.cli.files import conversion, finding, reading
from groundwire_server.cli.files.entries import Readable, Unreadable
from groundwire_server.cli.files.memory import Memory
from tests.cli.conftest import Ran
from tests.doubles.service import UNAVAILABLE, FakeService

Command = Callable[..., Ran]

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def docx(text: str) -> bytes:
    """The least that is a DOCX."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p>'
        "</w:body></w:document>",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return packed.getvalue()


def pdf(text: str) -> bytes:
    """The least that is a PDF."""
    drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    written, offsets = "%PDF-1.4\n", list[int]()
    for number, content in enumerate(objects, 1):
        offsets.append(len(written))
        written += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    end = f"xref\n0 6\n0000000000 65535 f \n{table}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{len(written)}\n"
    return (written + end + "%%EOF\n").encode()


def only(path: Path) -> Readable | Unreadable:
    (one,) = reading.read([path], ["*"])
    assert isinstance(one, Readable | Unreadable)
    return one


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


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.pdf", b"%PDF-1.4 and then nothing of the kind", "cannot be converted: it is damaged, protected or no PDF"),
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


def test_a_pdf_over_the_limit_is_not_converted(tmp_path: Path) -> None:
    path = tmp_path / "big.pdf"
    with path.open("wb") as sparse:
        sparse.truncate(conversion.FILE_LIMIT + 1)

    assert only(path) == Unreadable(str(path), "is 64.0 MiB long, and at most 64 MiB are taken; split it")


def test_a_docx_that_unpacks_to_far_more_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w") as part:
        for _ in range(257):
            part.write(bytes(1024 * 1024))

    one = only(path)

    assert isinstance(one, Unreadable)
    assert one.why.startswith("unpacks to over 256 MiB")


def test_without_the_extra_one_line_says_what_to_install(
    groundwire_command: Command, service: FakeService, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "possible", lambda: False)
    monkeypatch.chdir(tmp_path)
    for name in ("a.pdf", "b.docx", "c.md"):
        Path(name).write_text("text")

    some = groundwire_command("ingest", ".", "--server", address)
    none = groundwire_command("ingest", "a.pdf")

    assert some.code == 1
    assert list(service.stored) == ["c.md"]
    assert "a.pdf and 1 more HTML, PDF and DOCX need an extra: pip install 'groundwire-server[files]'" in " ".join(
        some.out.split()
    )
    assert none.code == 2
    assert none.err == "groundwire: a.pdf: HTML, PDF and DOCX need an extra: pip install 'groundwire-server[files]'\n"


def test_links_that_lead_back_are_no_way_without_end(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("text")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.md").symlink_to(tmp_path / "self.md")

    files, nothing = finding.find([str(tmp_path)])
    read = list(reading.read(files, ["*"]))

    assert [path.name for path in files] == ["a.md", "self.md"]
    assert nothing == []
    assert read[1] == Unreadable(str(tmp_path / "self.md"), "cannot be read: Too many levels of symbolic links")
    assert finding.find([str(tmp_path / "self.md")]) == (
        [],
        [Unreadable(str(tmp_path / "self.md"), "is a link that leads nowhere")],
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_and_a_folder_that_may_not_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("text")
    (tmp_path / "a.md").chmod(0)
    (tmp_path / "closed").mkdir(mode=0)

    files, nothing = finding.find([str(tmp_path)])

    assert nothing == [Unreadable(str(tmp_path / "closed"), "cannot be read: Permission denied")]
    assert list(reading.read(files, ["*"])) == [Unreadable(str(files[0]), "cannot be read: Permission denied")]


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.md"
    path.write_text("text")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)

    assert only(path) == Unreadable(str(path), "cannot be read: Permission denied")


def standard_input(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_a_text_on_standard_input_takes_an_id(
    groundwire_command: Command, service: FakeService, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    standard_input(monkeypatch, b"# News\n\nThere are none.\n")

    ran = groundwire_command("ingest", "-", "--id", "news", "--server", address)

    assert ran.code == 0
    assert service.stored["news"].title == "News"
    assert service.stored["news"].source_uri == ""


def test_lines_on_standard_input(
    groundwire_command: Command, service: FakeService, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    standard_input(monkeypatch, b'{"documentId": "a", "text": "one"}\nno\n')

    ran = groundwire_command("ingest", "-", "--jsonl", "--server", address)

    assert ran.code == 1
    assert list(service.stored) == ["a"]
    assert "standard input:2 is no Document" in ran.out


@pytest.mark.parametrize(
    "arguments", [["-"], ["-", "--id", "a", "--jsonl"], ["a.md", "--id", "a"], ["a.md", "--jsonl"]]
)
def test_standard_input_must_be_said_to_be_one_thing(groundwire_command: Command, arguments: list[str]) -> None:
    ran = groundwire_command("ingest", *arguments)

    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "--jsonl" in ran.err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two documents and one that cannot be read, where the command runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.md").write_text("# One\n\ntext")
    (tmp_path / "b.md").write_text("# Two\n\ntext")
    return tmp_path


def test_a_dry_run_says_what_would_be_stored_and_needs_no_server(groundwire_command: Command, folder: Path) -> None:
    (folder / "c.md").write_bytes(b"")

    ran = groundwire_command("ingest", ".", "--dry-run")
    as_json = groundwire_command("ingest", ".", "--dry-run", "--json")

    assert ran.code == as_json.code == 1
    assert ran.out == (
        "a.md One, 11 characters\nb.md Two, 11 characters\n2 documents would be stored\n1 failed:\n  c.md is empty\n"
    )
    printed = json.loads(as_json.out)
    assert printed["documents"][0] == {"documentId": "a.md", "title": "One", "characters": 11}
    assert printed["failed"] == [{"name": "c.md", "why": "is empty"}]


def test_a_second_run_sends_only_what_has_changed(
    groundwire_command: Command, service: FakeService, address: str, folder: Path
) -> None:
    groundwire_command("ingest", ".", "--server", address)
    assert service.received == 2
    (folder / "b.md").write_text("# Two\n\nanother text")

    ran = groundwire_command("ingest", ".", "--server", address, "--json")

    assert json.loads(ran.out) == {
        "created": 0,
        "updated": 1,
        "unchanged": 1,
        "skipped": 1,
        "passages": 6,
        "failed": [],
    }
    assert service.received == 3


@pytest.mark.parametrize("more", [["--fresh"], ["--principal", "staff"], ["--tenant", "another"]])
def test_a_run_that_is_about_something_else_sends_all(
    groundwire_command: Command, service: FakeService, address: str, folder: Path, more: list[str]
) -> None:
    groundwire_command("ingest", ".", "--server", address)

    groundwire_command("ingest", ".", "--server", address, *more)

    assert service.received == 4


def test_what_the_server_has_lost_is_sent_again(
    groundwire_command: Command, service: FakeService, address: str, folder: Path
) -> None:
    groundwire_command("ingest", ".", "--server", address)
    del service.stored["a.md"]

    groundwire_command("ingest", ".", "--server", address)

    assert set(service.stored) == {"a.md", "b.md"}


def test_a_run_that_broke_off_is_taken_up_where_it_was(
    groundwire_command: Command, service: FakeService, address: str, folder: Path
) -> None:
    service.broken, service.answered_first = UNAVAILABLE, 1
    broken = groundwire_command("ingest", ".", "--server", address)
    service.broken = None
    before = service.received

    ran = groundwire_command("ingest", ".", "--server", address)

    assert broken.code == 4
    assert ran.code == 0
    assert ran.out == "2 documents: 1 new, 1 unchanged; 6 passages\n"
    assert service.received == before + 1


def test_a_state_folder_that_cannot_be_used_is_done_without(
    groundwire_command: Command, service: FakeService, address: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "state").write_text("a file where a folder should be")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))

    ran = groundwire_command("ingest", "a.md", "--server", address)

    assert ran.code == 0
    assert "what is stored is not remembered" in ran.err


@pytest.mark.parametrize("torn", ['{"document_id": "b", "dig', "[]", "{}", '"text"', "\x00\x01", '{"stamp": 1}'])
def test_a_torn_line_is_passed_over(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "memory.jsonl"
    document = tmp_path / "a.md"
    document.write_text("text")
    readable = only(document)
    assert isinstance(readable, Readable)
    memory = Memory(path)
    memory.load()
    memory.confirm(readable, IngestDocumentsResponse(document_id=readable.document.document_id, revision=1))
    with path.open("a") as file:
        file.write(torn)

    again = Memory(path)
    again.load()

    assert again.same(readable) is not None
    assert path.stat().st_mode & 0o077 == 0

"""What `groundwire ingest` makes of files of every kind, and what it remembers of them."""

import io
import json
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from google.rpc import code_pb2

from groundwire import SyncClient
from groundwire.v1.document_pb2 import Document
from groundwire.v1.document_service_pb2 import IngestDocumentsResponse
from groundwire_server.cli.files import conversion, finding, reading
from groundwire_server.cli.files.conversion import Converter, NotConverted
from groundwire_server.cli.files.entries import Given, Readable, Skipped, Unreadable
from groundwire_server.cli.files.holdings import Holdings
from groundwire_server.cli.files.memory import Memory
from tests.cli.conftest import Ran
from tests.doubles.service import UNAVAILABLE, Failure, FakeService

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


def locked(plain: bytes) -> bytes:
    """The PDF as if somebody had given it a password."""
    entry = (
        f"/Root 1 0 R /ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /O <{'1' * 64}> /U <{'2' * 64}> /P -4 >>"
    )
    return plain.replace(b"/Root 1 0 R", entry.encode())


def only(path: Path) -> Readable | Unreadable:
    with Converter() as converter:
        (one,) = reading.read([path], Given(), converter)
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
    read = list(reading.read(files, Given(), Converter()))

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
    assert list(reading.read(files, Given(), Converter())) == [
        Unreadable(str(files[0]), "cannot be read: Permission denied")
    ]


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
        "a.md\n  One, 11 characters\nb.md\n  Two, 11 characters\n"
        "2 documents would be stored\n1 failed:\n  c.md is empty\n"
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


@pytest.mark.parametrize(
    "more", [["--fresh"], ["--principal", "staff"], ["--tenant", "another"], ["--metadata", "year=2026"]]
)
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
    result = IngestDocumentsResponse(document_id=readable.document.document_id, content_hash="one")
    memory = Memory(path, Given(), lambda _: "one")
    memory.load()
    memory.confirm(readable, result)
    with path.open("a") as file:
        file.write(torn)

    again = Memory(path, Given(), lambda _: "one")
    again.load()

    assert again.same(readable) is not None
    assert path.stat().st_mode & 0o077 == 0


def test_what_is_remembered_does_not_grow_with_every_run(tmp_path: Path) -> None:
    path = tmp_path / "memory.jsonl"
    memory = Memory(path, Given(), lambda _: "one")
    memory.load()
    for name in ("a", "b"):
        result = IngestDocumentsResponse(document_id=name, content_hash="one", chunk_count=3)
        for _ in range(600):
            memory.confirm(Readable(Document(document_id=name, text=name)), result)

    again = Memory(path, Given(), lambda _: "one")
    again.load()

    assert len(path.read_text().splitlines()) == 2
    assert again.same(Readable(Document(document_id="a", text="a"))) == Skipped("a", 3)
    assert list(tmp_path.iterdir()) == [path]


def test_a_document_that_follows_another_of_its_id_is_sent(tmp_path: Path) -> None:
    old, new = (Readable(Document(document_id="a", text=text)) for text in ("old", "new"))
    memory = Memory(tmp_path / "memory.jsonl", Given(), lambda _: "of old")
    memory.load()
    memory.confirm(old, IngestDocumentsResponse(document_id="a", content_hash="of old"))

    assert memory.same(old) is not None
    assert memory.same(new) is None
    assert memory.same(old) is None


@pytest.mark.parametrize(("count", "singly", "listed"), [(20, 20, 0), (21, 20, 1), (60, 20, 1)])
def test_the_server_is_asked_singly_for_few_and_once_for_many(
    service: FakeService, address: str, count: int, singly: int, listed: int
) -> None:
    service.stored = {f"{number:02}": Document(document_id=f"{number:02}") for number in range(0, count, 2)}
    with SyncClient(address, tenant="acme") as client:
        holdings = Holdings(client)
        held = [bool(holdings.content_hash(f"{number:02}")) for number in range(count)]

    assert held == [number % 2 == 0 for number in range(count)]
    methods = [call.method for call in service.calls]
    assert (methods.count("GetDocument"), methods.count("ListDocuments")) == (singly, listed)


def test_who_may_not_read_sends_all_of_it(service: FakeService, address: str) -> None:
    service.stored = {"a": Document(document_id="a")}
    service.refused = Failure(code_pb2.PERMISSION_DENIED, "Your roles do not allow it.", "FORBIDDEN")
    with SyncClient(address, tenant="acme") as client:
        holdings = Holdings(client)

        assert holdings.content_hash("a") == ""
        assert holdings.content_hash("a") == ""

    assert len(service.calls) == 1


def test_another_store_at_the_same_address_gets_what_it_lacks(
    groundwire_command: Command, service: FakeService, address: str, folder: Path
) -> None:
    groundwire_command("ingest", ".", "--server", address)
    # As a store would be that an earlier version of the file was put into: same id, same revision.
    service.stored["a.md"].text = "# One\n\ntexT"

    ran = groundwire_command("ingest", ".", "--server", address)

    assert ran.out == "2 documents: 1 updated, 1 unchanged; 6 passages\n"
    assert service.stored["a.md"].text == "# One\n\ntext"


def test_a_file_that_was_only_touched_is_not_sent_and_known_by_its_new_time(
    groundwire_command: Command, service: FakeService, address: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    groundwire_command("ingest", ".", "--server", address)
    os.utime(folder / "a.md", ns=(1, 1))

    groundwire_command("ingest", ".", "--server", address)
    monkeypatch.setattr(reading, "_plain", lambda *_: pytest.fail("was read again"))
    ran = groundwire_command("ingest", ".", "--server", address)

    assert ran.out == "2 documents: 2 unchanged; 6 passages\n"
    assert service.received == 2


def test_metadata_and_a_title_are_given_to_documents(
    groundwire_command: Command, service: FakeService, address: str, folder: Path
) -> None:
    said = ("--metadata", "team=mail", "--metadata", "note=a=b", "--title", "First")

    ran = groundwire_command("ingest", "a.md", "--server", address, *said)

    assert ran.code == 0
    stored = service.stored["a.md"]
    assert stored.title == "First"
    assert {key: value.string_value for key, value in stored.metadata.items()} == {"team": "mail", "note": "a=b"}


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (["a.md", "--metadata", "team"], "--metadata team"),
        (["a.md", "--metadata", "1st=x"], "--metadata 1st=x"),
        ([".", "--title", "One"], "--title"),
        (["-", "--jsonl", "--title", "One"], "--title"),
    ],
)
def test_metadata_and_a_title_that_cannot_be_given(
    groundwire_command: Command, folder: Path, said: list[str], names: str
) -> None:
    ran = groundwire_command("ingest", *said)

    assert ran.code == 2
    assert names in ran.err
    assert ran.err.count("\n") == 1


def test_a_pipe_in_a_folder_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.md")

    assert finding.find([str(tmp_path)]) == (
        [],
        [Unreadable(str(tmp_path / "a.md"), "is no file, but a pipe or a device")],
    )


def test_a_file_that_takes_too_long_is_given_up_and_the_next_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    (tmp_path / "a.html").write_text("<p>Parcels")
    slow = Converter(seconds=0.05, program="tests.doubles.converter")
    with slow:
        for _ in range(2):
            with pytest.raises(NotConverted, match=r"takes over 0.05 s to convert"):
                slow.convert(tmp_path / "a.html")
        assert slow._process is None


def test_a_converter_that_breaks_is_told_of_and_started_anew(tmp_path: Path) -> None:
    with Converter(program="no.such.module") as converter:
        for _ in range(2):
            with pytest.raises(NotConverted, match="breaks the converter"):
                converter.convert(tmp_path / "a.html")


def test_the_process_that_converts_ends_with_whoever_asked(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p>Parcels")
    with Converter() as converter:
        assert converter.convert(tmp_path / "a.html").text == "Parcels"
        process = converter._process
        assert process is not None
        assert converter.convert(tmp_path / "a.html").text == "Parcels"
        assert converter._process is process

    assert process.returncode is not None

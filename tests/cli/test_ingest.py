"""`groundwire ingest` and how it finds documents."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from google.rpc import code_pb2

from groundwire_server.cli.files import reading as sources
from groundwire_server.cli.files.converter import Converter
from groundwire_server.cli.files.entries import Given, Readable, Unreadable
from groundwire_server.domain.document import TEXT_LIMIT
from tests.cli.conftest import Ran
from tests.doubles.service import UNAVAILABLE, Failure, FakeService

Command = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of documents, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    docs = tmp_path / "docs"
    (docs / "deep").mkdir(parents=True)
    (docs / ".git").mkdir()
    (docs / "guide.md").write_text("\n# The Guide\n\nParcels wait in the mail room.\n")
    (docs / "deep" / "notes.TXT").write_text("Notes on parcels.\n")
    (docs / ".git" / "config.txt").write_text("hidden")
    (docs / "picture.png").write_bytes(b"\x89PNG")
    return docs


def test_a_folder_is_stored(groundwire_command: Command, service: FakeService, address: str, folder: Path) -> None:
    ran = groundwire_command("ingest", "docs", "--server", address, "--tenant", "acme")

    assert ran.code == 0
    assert ran.out == (
        "2 documents: 2 new; 6 passages\n2 skipped:\n  1 no reader for .png: docs/picture.png\n  1 hidden: docs/.git/\n"
    )
    assert ran.err == "storing 2 documents\n"
    assert service.calls[0].metadata["groundwire-tenant"] == "acme"
    guide = service.stored["docs/guide.md"]
    assert guide.title == "The Guide"
    assert guide.source_uri == (folder / "guide.md").as_uri()
    assert list(guide.allowed_principals) == ["*"]
    assert service.stored["docs/deep/notes.TXT"].title == "notes"


def test_storing_again_changes_what_has_changed(
    groundwire_command: Command, service: FakeService, address: str, folder: Path
) -> None:
    groundwire_command("ingest", "docs", "--server", address)
    (folder / "guide.md").write_text("# The Guide\n\nParcels wait at the front desk.\n")
    (folder / "new.md").write_text("# News\n\nThere are none.\n")

    ran = groundwire_command("ingest", "docs", "docs/guide.md", "./docs/../docs/guide.md", "--server", address)

    assert ran.out.startswith("3 documents: 1 new, 1 updated, 1 unchanged; 9 passages\n")


def test_patterns_and_principals(groundwire_command: Command, service: FakeService, address: str, folder: Path) -> None:
    ran = groundwire_command(
        "ingest", "docs/**/*.[mT]*", "--server", address, "--principal", "staff", "--principal", "hr"
    )

    assert ran.code == 0
    assert sorted(service.stored) == ["docs/deep/notes.TXT", "docs/guide.md"]
    assert list(service.stored["docs/guide.md"].allowed_principals) == ["staff", "hr"]


def test_lines_of_documents(
    groundwire_command: Command,
    service: FakeService,
    address: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [
        {"documentId": "a", "text": "for all", "metadata": {"year": {"numberValue": 2026}}},
        {"document_id": "b", "text": "for some", "allowed_principals": ["hr"]},
        {"documentId": "c", "text": "for nobody", "allowedPrincipals": []},
    ]
    path = Path("documents.jsonl")
    path.write_text("\n".join(json.dumps(line) for line in lines) + '\n\nnot json\n["a list"]\n{"colour": "blue"}\n')

    ran = groundwire_command("ingest", str(path), "--server", address, "--principal", "staff")

    assert ran.code == 1
    assert {name: list(each.allowed_principals) for name, each in service.stored.items()} == {
        "a": ["staff"],
        "b": ["hr"],
        "c": [],
    }
    assert service.stored["a"].metadata["year"].number_value == 2026
    assert "3 failed:" in ran.out
    assert "documents.jsonl:5 is not JSON" in " ".join(ran.out.split())
    assert "documents.jsonl:7 is not a Document" in " ".join(ran.out.split())


def test_a_line_that_the_server_refuses_is_named_by_its_place(
    groundwire_command: Command, service: FakeService, address: str, folder: Path
) -> None:
    service.rejected["a-b"] = Failure(code_pb2.INVALID_ARGUMENT, "document.document_id: no", "INVALID_REQUEST")
    (folder / "some.jsonl").write_text('{"documentId": "a-b", "text": "one"}')

    ran = groundwire_command("ingest", "docs/some.jsonl", "--server", address)

    assert ran.code == 1
    assert ran.out == (
        "0 documents: none stored; 0 passages\n1 failed:\n  docs/some.jsonl:1 document.document_id: no\n"
    )


def test_what_failed_and_why(groundwire_command: Command, service: FakeService, address: str, folder: Path) -> None:
    service.rejected["docs/guide.md"] = Failure(code_pb2.INVALID_ARGUMENT, "document.text: is blank", "INVALID_REQUEST")
    (folder / "binary.txt").write_bytes(b"\x7fELF\x02\x00\xff")

    ran = groundwire_command("ingest", "docs", "missing.md", "--server", address)

    assert ran.code == 1
    assert ran.out == (
        "1 document: 1 new; 3 passages\n"
        "2 skipped:\n"
        "  1 no reader for .png: docs/picture.png\n"
        "  1 hidden: docs/.git/\n"
        "3 failed:\n"
        "  docs/binary.txt is not a text file: convert it to text, or leave it out\n"
        "  docs/guide.md document.text: is blank\n"
        "  missing.md no such file or folder\n"
    )


@pytest.mark.parametrize("argument", ["empty", "missing.md", "*.pdf"])
def test_nothing_to_store(groundwire_command: Command, folder: Path, argument: str) -> None:
    (folder.parent / "empty").mkdir()

    ran = groundwire_command("ingest", argument)

    assert ran.code == 2
    assert argument in ran.err
    assert ran.err.count("\n") == 1


def test_a_server_that_breaks_off(
    groundwire_command: Command, service: FakeService, address: str, folder: Path
) -> None:
    service.broken, service.answered_first = UNAVAILABLE, 1

    ran = groundwire_command("ingest", "docs", "--server", address)

    assert ran.code == 4
    assert ran.out.startswith("1 document: 1 new")
    assert "STORE_UNAVAILABLE" in ran.err


def test_nobody_listens(groundwire_command: Command, folder: Path) -> None:
    ran = groundwire_command("ingest", "docs", "--server", "127.0.0.1:1")

    assert ran.code == 3
    assert "groundwire serve" in ran.err


def read(path: Path) -> list[object]:
    with Converter() as converter:
        return list(sources.read([path], Given(), converter))


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    with path.open("wb") as sparse:
        sparse.truncate(TEXT_LIMIT + 1)

    (only,) = read(path)

    assert isinstance(only, Unreadable)
    assert only.why == "has more than 3.9 MB of text: split it"


def test_a_line_over_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    path.write_text(json.dumps({"documentId": "a", "text": "x" * (TEXT_LIMIT + 1)}))

    (only,) = read(path)

    assert isinstance(only, Unreadable)
    assert only.why == "has more than 3.9 MB of text: split it"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (only,) = read(tmp_path)

    assert isinstance(only, Unreadable)
    assert only.why.startswith("cannot be read")


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("a.md", "no heading", "a"),
        ("a.md", "---\nfront: matter\n---\n# Title \n", "Title"),
        ("a.txt", "plain\n# not a heading", "a"),
        ("a.txt", "\ufeff# With a mark", "With a mark"),
        ("a.md", "# \n", "a"),
        ("a.md", "# " + "x" * 600, "x" * 512),
    ],
)
def test_titles(tmp_path: Path, name: str, text: str, title: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    (readable,) = read(path)

    assert isinstance(readable, Readable)
    document = readable.document
    assert document.title == title


def test_an_id_has_only_characters_an_id_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("année 1", "straße.md")
    path.parent.mkdir()
    path.write_text("text")

    (readable,) = read(path)

    assert isinstance(readable, Readable)
    document = readable.document
    assert document.document_id == "ann%C3%A9e%201/stra%C3%9Fe.md"

"""What `groundwire ingest` makes of standard input, of its options, and of an earlier run."""

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from groundwire_server.cli.files import reading
from groundwire_server.cli.files.readers import registry
from tests.cli.conftest import Ran
from tests.doubles.service import UNAVAILABLE, FakeService

Command = Callable[..., Ran]


def test_without_the_extra_one_line_says_what_to_install(
    groundwire_command: Command, service: FakeService, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "extra_installed", lambda: False)
    monkeypatch.chdir(tmp_path)
    for name in ("a.pdf", "b.docx", "c.md"):
        Path(name).write_text("text")

    some = groundwire_command("ingest", ".", "--server", address)
    none = groundwire_command("ingest", "a.pdf")

    assert some.code == 1
    assert list(service.stored) == ["c.md"]
    needed = "HTML, PDF, DOCX, XLSX and reStructuredText need an extra: pip install 'groundwire-server[files]'"
    assert f"a.pdf and 1 more {needed}" in " ".join(some.out.split())
    assert none.code == 2
    assert none.err == f"groundwire: a.pdf: {needed}\n"


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
    assert "standard input:2 is not JSON" in ran.out


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


def test_a_dry_run_names_what_the_server_would_refuse(groundwire_command: Command, folder: Path) -> None:
    (folder / "c.md").write_text(" \n")
    (folder / "d.jsonl").write_text(
        '{"documentId": "a b", "text": "text"}\n{"documentId": "e", "text": " "}\n'
        + json.dumps(
            {"documentId": "f", "text": "text", "metadata": {f"k{n}": {"stringValue": "x" * 500} for n in range(35)}}
        )
    )

    ran = groundwire_command("ingest", ".", "--dry-run", "--json")

    assert ran.code == 1
    printed = json.loads(ran.out)
    assert [each["documentId"] for each in printed["documents"]] == ["a.md", "b.md"]
    assert [(each["name"], each["why"].partition(": must")[0]) for each in printed["failed"]] == [
        ("c.md", "contains no text"),
        ("d.jsonl:1", "cannot be stored: document_id: does not match regex pattern `^[!-~]{1,256}$`"),
        ("d.jsonl:2", "has no text, which is required"),
        ("d.jsonl:3", "cannot be stored: metadata"),
    ]


def test_a_dry_run_shows_a_document_without_a_title(groundwire_command: Command, folder: Path) -> None:
    (folder / "c.jsonl").write_text('{"documentId": "c", "text": "text"}')

    ran = groundwire_command("ingest", "c.jsonl", "--dry-run")

    assert ran.out == "c\n  4 characters\n1 document would be stored\n"


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
        "sent": 1,
        "passages": 6,
        "removed": [],
        "renamed": [],
        "warnings": [],
        "failed": [],
        "quarantined": [],
        "skipped": [],
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
    assert "stored documents are not remembered" in ran.err


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
    monkeypatch.setattr(reading, "_text", lambda *_: pytest.fail("was read again"))
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

"""`groundwire corpus verify`."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from groundwire.v1.document_pb2 import Document, TextFormat
from groundwire_server.cli.files import reading
from groundwire_server.cli.files.converter import Converter
from groundwire_server.cli.files.entries import Given, Readable, Unreadable
from tests.cli.conftest import Ran
from tests.doubles.service import FakeService

Command = Callable[..., Ran]


@pytest.fixture
def run(groundwire_command: Command, address: str) -> Command:
    """Runs a command against the double."""
    return lambda *arguments: groundwire_command(*arguments, "--server", address)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Command) -> Path:
    """Three documents that are stored, beside which the command runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    for name in ("a", "b", "c"):
        (tmp_path / "docs" / f"{name}.md").write_text(f"# About {name}\n\nParcels wait in the mail room.")
    run("ingest", "docs")
    return tmp_path / "docs"


def differences(ran: Ran) -> list[tuple[str, str]]:
    return [(each["kind"], each["name"]) for each in json.loads(ran.out)["differences"]]


def test_what_is_stored_as_the_files_have_it_is_confirmed(run: Command, service: FakeService, folder: Path) -> None:
    before = service.received

    ran = run("corpus", "verify", "docs")

    assert (ran.code, ran.out) == (0, "3 documents: 3 as in the source; 3 read in a second way\n")
    assert service.received == before


def test_what_is_missing_extra_or_differs_is_named(run: Command, service: FakeService, folder: Path) -> None:
    del service.stored["docs/a.md"]
    (folder / "b.md").write_text("# About b\n\nParcels wait at the front desk.")
    (folder / "c.md").unlink()
    (folder / "d.md").write_bytes(b"")
    service.stored["crm-7"] = Document(document_id="crm-7", text="text", source_uri=(folder / "e.doc").as_uri())

    ran = run("corpus", "verify", "docs")
    as_json = run("corpus", "verify", "docs", "--json")

    assert ran.code == as_json.code == 1
    assert differences(as_json) == [
        ("missing", "docs/a.md"),
        ("drift", "docs/b.md"),
        ("unreadable", "docs/d.md"),
        ("extra", "docs/c.md"),
    ]
    flat = " ".join(ran.out.split())
    assert "missing docs/a.md is not stored, or you may not see it: ingest it" in flat
    assert "drift docs/b.md the stored text differs from character 25: ingest it again" in flat
    assert "docs/c.md is gone: ingest the folder with --prune" in flat
    assert "2 documents: 0 as in the source, 1 missing, 1 extra, 1 drift, 1 unreadable; 2 read in a second way" in flat


def test_a_difference_of_formats_is_drift(run: Command, service: FakeService, folder: Path) -> None:
    stored = service.stored["docs/a.md"]
    plain = stored.text_format in {TextFormat.TEXT_FORMAT_UNSPECIFIED, TextFormat.TEXT_FORMAT_PLAIN}
    stored.text_format = TextFormat.TEXT_FORMAT_MARKDOWN if plain else TextFormat.TEXT_FORMAT_PLAIN

    ran = run("corpus", "verify", "docs", "--json")

    assert differences(ran) == [("drift", "docs/a.md")]


def test_a_renamed_file_is_drift_of_its_own_document(run: Command, service: FakeService, folder: Path) -> None:
    (folder / "a.md").rename(folder / "first.md")

    ran = run("corpus", "verify", "docs", "--json")

    assert differences(ran) == [("drift", "docs/a.md")]
    assert "was renamed" in ran.out


def changed(monkeypatch: pytest.MonkeyPatch, change: Callable[[Readable], Readable]) -> None:
    """Lets the readers make something else of every file."""
    read = reading.read

    def reads(paths: Iterable[Path], given: Given, converter: Converter) -> Iterator[Readable | Unreadable]:
        for each in read(paths, given, converter):
            yield change(each) if isinstance(each, Readable) else each

    monkeypatch.setattr(reading, "read", reads)


@pytest.mark.parametrize(("more", "code"), [([], 0), (["--strict"], 5)])
def test_what_a_reader_has_left_out_is_told(
    run: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], code: int
) -> None:
    changed(monkeypatch, lambda each: replace(each, warnings=("pages 3 and 4 have no text",)))

    ran = run("corpus", "verify", "docs/a.md", *more)
    ingested = run("ingest", "docs/a.md", "--fresh")

    assert ran.code == code
    assert "dropped\tdocs/a.md\tpages 3 and 4 have no text" in ran.out
    assert "1 document: 1 as in the source, 1 dropped" in ran.out
    assert ingested.code == 0
    assert "1 warning:\n  docs/a.md pages 3 and 4 have no text" in ingested.out


@pytest.mark.parametrize(("share", "found"), [("0.5", True), ("0.6", False)])
def test_words_that_a_reader_has_lost_are_counted_and_shown(
    run: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, share: str, *, found: bool
) -> None:
    def without_the_room(readable: Readable) -> Readable:
        readable.document.text = readable.document.text.replace("in the mail room", "")
        return readable

    changed(monkeypatch, without_the_room)
    run("ingest", "docs", "--fresh")

    ran = run("corpus", "verify", "docs/a.md", "--max-lost", share, "--json")

    lost = [each for each in json.loads(ran.out)["differences"] if each["kind"] == "lost"]
    assert ran.code == 0
    assert bool(lost) == found
    if found:
        assert (lost[0]["words"], lost[0]["lost"], lost[0]["examples"]) == (7, 4, ["in", "the", "mail", "room"])
        assert lost[0]["message"] == "57.1% of its 7 words are not in its text: in, the, mail, room"


def test_names_nothing(run: Command, folder: Path) -> None:
    ran = run("corpus", "verify", "nowhere")

    assert ran.code == 2
    assert "no such file or folder" in ran.err

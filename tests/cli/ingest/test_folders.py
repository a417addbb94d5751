"""A folder that changes between two runs of `groundwire ingest`."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from groundwire.v1.document_pb2 import Document
from groundwire_server.cli.ingest import upload
from tests.cli.conftest import Ran
from tests.doubles.service import FakeService
from tests.doubles.terminal import Teletype

Ingest = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three documents, beside which the command runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    for name in ("a", "b", "deep/c"):
        (tmp_path / "docs" / f"{name}.md").write_text(f"# About {name}\n\ntext")
    return tmp_path / "docs"


@pytest.fixture
def ingest(groundwire_command: Callable[..., Ran], address: str) -> Ingest:
    """Runs the command against the double."""

    def call(*arguments: str) -> Ran:
        return groundwire_command("ingest", *arguments, "--server", address)

    return call


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], None]:
    """Goes on at a computer that has stored nothing before."""
    return lambda: monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("another")))


def uri(path: Path) -> str:
    return path.resolve().as_uri()


@pytest.mark.parametrize("remembered", [True, False])
def test_a_renamed_file_keeps_its_document(
    ingest: Ingest, service: FakeService, folder: Path, forgetful: Callable[[], None], *, remembered: bool
) -> None:
    ingest("docs")
    (folder / "a.md").rename(folder / "deep" / "first.md")
    if not remembered:
        forgetful()

    ran = ingest("docs")
    again = ingest("docs", "--json")

    assert ran.out.startswith(
        "3 documents: 1 updated, 2 unchanged; 9 passages\n1 renamed, with the id kept:\n  docs/a.md is now "
    )
    assert sorted(service.stored) == ["docs/a.md", "docs/b.md", "docs/deep/c.md"]
    assert service.stored["docs/a.md"].source_uri == uri(folder / "deep" / "first.md")
    assert json.loads(again.out)["unchanged"] == 3
    assert json.loads(again.out)["renamed"] == []


def test_a_renamed_file_is_known_as_its_document_by_another_computer(
    ingest: Ingest, service: FakeService, folder: Path, forgetful: Callable[[], None]
) -> None:
    ingest("docs")
    (folder / "a.md").rename(folder / "first.md")
    ingest("docs")
    forgetful()
    (folder / "first.md").write_text("# Another text")

    ingest("docs")

    assert sorted(service.stored) == ["docs/a.md", "docs/b.md", "docs/deep/c.md"]
    assert service.stored["docs/a.md"].text == "# Another text"


def test_a_file_in_the_old_place_of_a_renamed_one_is_a_document_of_its_own(
    ingest: Ingest, service: FakeService, folder: Path
) -> None:
    ingest("docs")
    (folder / "a.md").rename(folder / "first.md")
    ingest("docs")
    (folder / "a.md").write_text("# New")

    ingest("docs")
    ingest("docs")

    assert {name: each.source_uri for name, each in service.stored.items()} == {
        "docs/a.md": uri(folder / "a.md"),
        "docs/first.md": uri(folder / "first.md"),
        "docs/b.md": uri(folder / "b.md"),
        "docs/deep/c.md": uri(folder / "deep" / "c.md"),
    }


def test_a_file_renamed_and_changed_is_a_new_document(ingest: Ingest, service: FakeService, folder: Path) -> None:
    ingest("docs")
    (folder / "a.md").unlink()
    (folder / "first.md").write_text("# Xbout a\n\ntext")

    ran = ingest("docs")

    assert "renamed" not in ran.out
    assert "docs/first.md" in service.stored


def test_two_missing_files_of_one_text_say_nothing_of_a_third(
    ingest: Ingest, service: FakeService, folder: Path
) -> None:
    for name in ("a.md", "b.md"):
        (folder / name).write_text("# The same")
    ingest("docs")
    for name in ("a.md", "b.md"):
        (folder / name).unlink()
    (folder / "c.md").write_text("# The same")

    ran = ingest("docs")

    assert "renamed" not in ran.out
    assert sorted(service.stored) == ["docs/a.md", "docs/b.md", "docs/c.md", "docs/deep/c.md"]


def test_a_copy_is_no_renaming(ingest: Ingest, service: FakeService, folder: Path) -> None:
    ingest("docs")
    shutil.copy(folder / "a.md", folder / "copy.md")

    ran = ingest("docs")

    assert ran.out == "4 documents: 1 new, 3 unchanged; 12 passages\n"
    assert service.stored["docs/a.md"].source_uri == uri(folder / "a.md")


def test_a_file_of_the_same_size_and_time_in_the_place_of_another_is_read(
    ingest: Ingest, service: FakeService, folder: Path
) -> None:
    for name in ("a", "b"):
        os.utime(folder / f"{name}.md", ns=(1, 1))
    ingest("docs")
    (folder / "a.md").rename(folder / "kept")
    (folder / "b.md").rename(folder / "a.md")
    (folder / "kept").rename(folder / "b.md")

    ingest("docs")

    assert "About b" in service.stored["docs/a.md"].text
    assert "About a" in service.stored["docs/b.md"].text


def test_a_file_is_the_same_document_by_whichever_path_it_is_named(
    ingest: Ingest, service: FakeService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest("docs")

    absolute = ingest(str(folder))
    monkeypatch.chdir(folder)
    from_within = ingest("a.md", "b.md", "deep")

    assert absolute.out == from_within.out == "3 documents: 3 unchanged; 9 passages\n"
    assert len(service.stored) == 3


def test_pruning_deletes_what_is_gone_or_ignored_and_nothing_of_another_origin(
    ingest: Ingest, service: FakeService, folder: Path
) -> None:
    ingest("docs")
    elsewhere = Document(document_id="crm-7", text="text", source_uri=uri(folder / "customer.doc"))
    beside = Document(document_id="docs-old/a.md", text="text", source_uri=uri(folder.parent / "docs-old" / "a.md"))
    web = Document(document_id="docs/web.md", text="text", source_uri="https://example.com/docs/web.md")
    climbing = Document(document_id="docs/up.md", text="text", source_uri=uri(folder) + "/../up.md")
    others = {each.document_id: each for each in (elsewhere, beside, web, climbing)}
    service.stored.update(others)
    (folder / "a.md").unlink()
    (folder / ".groundwireignore").write_text("deep/\n")

    planned = ingest("docs", "--prune", "--dry-run")
    before = set(service.stored)
    ran = ingest("docs", "--prune", "--yes")

    plan = (
        f"docs/a.md: {folder.resolve()}/a.md is gone\n"
        f"docs/deep/c.md: {folder.resolve()}/deep/c.md is ignored\n"
        "2 documents would be deleted\n"
    )
    assert planned.err == plan
    assert before == {"docs/a.md", "docs/b.md", "docs/deep/c.md", *others}
    assert ran.err.endswith(plan)
    assert ran.out.endswith("deleted 2 documents\n")
    assert ran.code == 0
    assert set(service.stored) == {"docs/b.md", *others}


def test_pruning_follows_renaming(ingest: Ingest, service: FakeService, folder: Path) -> None:
    ingest("docs")
    (folder / "a.md").rename(folder / "first.md")
    (folder / "b.md").unlink()

    planned = json.loads(ingest("docs", "--prune", "--dry-run", "--json").out)
    ran = json.loads(ingest("docs", "--prune", "--yes", "--json").out)

    assert planned["removed"] == ran["removed"] == ["docs/b.md"]
    assert planned["renamed"] == ran["renamed"]
    assert ran["renamed"] == [
        {
            "documentId": "docs/a.md",
            "before": str(folder.resolve() / "a.md"),
            "now": str(folder.resolve() / "first.md"),
        }
    ]
    assert sorted(service.stored) == ["docs/a.md", "docs/deep/c.md"]


def test_a_document_that_was_renamed_is_deleted_when_its_file_is_gone(
    ingest: Ingest, service: FakeService, folder: Path, forgetful: Callable[[], None]
) -> None:
    ingest("docs")
    (folder / "a.md").rename(folder / "first.md")
    ingest("docs")
    (folder / "first.md").unlink()
    forgetful()

    ingest("docs", "--prune", "--yes")

    assert sorted(service.stored) == ["docs/b.md", "docs/deep/c.md"]


def test_a_file_that_has_no_reader_or_fails_is_not_gone(ingest: Ingest, service: FakeService, folder: Path) -> None:
    (folder / "LICENSE").write_text("text")
    ingest("docs", "docs/LICENSE")
    (folder / "a.md").write_bytes(b"")

    ran = ingest("docs", "--prune", "--yes")

    assert ran.code == 1
    assert ran.out.endswith("deleted 0 documents\n")
    assert len(service.stored) == 4


@pytest.mark.parametrize(("typed", "left"), [("y\n", 2), ("n\n", 3), ("\n", 3)])
def test_pruning_asks(
    ingest: Ingest, service: FakeService, folder: Path, monkeypatch: pytest.MonkeyPatch, typed: str, left: int
) -> None:
    ingest("docs")
    (folder / "a.md").unlink()
    monkeypatch.setattr(sys, "stdin", Teletype(typed))
    monkeypatch.setattr(sys, "stderr", Teletype())

    ran = ingest("docs", "--prune")

    assert ran.code == (0 if left == 2 else 1)
    assert len(service.stored) == left


def test_without_a_terminal_pruning_needs_a_word_before_anything_is_stored(
    ingest: Ingest, service: FakeService, folder: Path
) -> None:
    ran = ingest("docs", "--prune")

    assert ran.code == 2
    assert "--yes" in ran.err
    assert service.stored == {}


@pytest.mark.parametrize("paths", [["docs/a.md"], ["docs/*.md"], ["empty"]])
def test_pruning_needs_a_folder_with_files(
    ingest: Ingest, service: FakeService, folder: Path, paths: list[str]
) -> None:
    (folder.parent / "empty").mkdir()
    ingest("docs")

    ran = ingest(*paths, "--prune", "--yes")

    assert ran.code == 2
    assert len(service.stored) == 3


def test_a_folder_that_has_become_empty_is_not_pruned_beside_another(
    ingest: Ingest, service: FakeService, folder: Path
) -> None:
    # As a disk that is not mounted would be.
    (folder.parent / "other").mkdir()
    (folder.parent / "other" / "d.md").write_text("text")
    ingest("docs", "other")
    (folder.parent / "other" / "d.md").unlink()
    (folder / "a.md").unlink()

    ran = ingest("docs", "other", "--prune", "--yes", "--json")

    assert ran.code == 1
    assert json.loads(ran.out)["removed"] == ["docs/a.md"]


@pytest.mark.parametrize("remembered", [True, False])
def test_the_folder_that_the_command_runs_in_is_pruned(
    ingest: Ingest,
    service: FakeService,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    forgetful: Callable[[], None],
    *,
    remembered: bool,
) -> None:
    monkeypatch.chdir(folder)
    ingest(".")
    service.stored["crm-7"] = Document(document_id="crm-7", text="text", source_uri=uri(folder / "customer.doc"))
    (folder / "deep" / "c.md").unlink()
    if not remembered:
        forgetful()

    ingest(".", "--prune", "--yes")

    assert sorted(service.stored) == ["a.md", "b.md", "crm-7"]


def test_who_may_not_read_cannot_prune(ingest: Ingest, service: FakeService, folder: Path) -> None:
    ingest("docs")
    service.forbidden = frozenset({"GetDocument", "ListDocuments"})
    (folder / "a.md").unlink()

    ran = ingest("docs", "--prune", "--yes")

    assert ran.code == 4
    assert "role reader" in ran.err
    assert len(service.stored) == 3


def test_the_command_sees_its_documents_as_their_readers_do(ingest: Ingest, service: FakeService, folder: Path) -> None:
    ingest("docs", "--principal", "staff", "--principal", "hr")

    assert {call.metadata["groundwire-principals"] for call in service.calls} == {"staff,hr"}


def test_many_documents_are_sent_in_several_calls(
    ingest: Ingest, service: FakeService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "_AT_ONCE", 2)

    ran = ingest("docs")

    assert ran.out == "3 documents: 3 new; 9 passages\n"
    assert [call.method for call in service.calls].count("IngestDocuments") == 2
    assert [sent.document.document_id for sent in service.sent] == ["docs/a.md", "docs/b.md", "docs/deep/c.md"]


def test_a_folder_says_in_json_what_it_skipped(ingest: Ingest, service: FakeService, folder: Path) -> None:
    (folder / "d.exe").write_text("text")
    (folder / "c.xyz").write_text("text")

    stored, planned = ingest("docs", "--json"), ingest("docs", "--dry-run", "--json")

    assert stored.code == planned.code == 0
    skipped = [{"reason": "no reader", "count": 2, "names": ["docs/c.xyz", "docs/d.exe"]}]
    assert json.loads(stored.out)["skipped"] == json.loads(planned.out)["skipped"] == skipped


def test_a_broken_ignore_file_ends_the_command_before_anything_is_stored(
    ingest: Ingest, service: FakeService, folder: Path
) -> None:
    (folder / ".groundwireignore").write_bytes(b"\xff")

    ran = ingest("docs")

    assert ran.code == 2
    assert ran.err == "groundwire: docs/.groundwireignore is not UTF-8: convert it\n"
    assert service.calls == []

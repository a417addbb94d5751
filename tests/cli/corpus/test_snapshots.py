"""`groundwire corpus snapshot` and `restore`."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import StringIO
from pathlib import Path

import pytest

from groundwire_server.adapters.store.embedded import EmbeddedStore
from groundwire_server.adapters.store.embedded.lock import folder_lock
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document
from tests.cli.conftest import Ran

Command = Callable[..., Ran]
CALLER = Caller("acme", "alice")


class Teletype(StringIO):
    """A terminal to ask on."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the store that is built in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", StringIO())
    return tmp_path / "groundwire-data"


@contextmanager
def opened(folder: Path) -> Iterator[EmbeddedStore]:
    with closing(EmbeddedStore.open(folder / "store.sqlite3", SystemClock(), None, readers=1)) as store:
        yield store


def put(folder: Path, *names: str) -> None:
    async def all_of_them() -> None:
        with opened(folder) as store:
            for name in names:
                document = Document(name, f"The text of {name}.", allowed_principals=frozenset({EVERYBODY}))
                await store.corpus.put(CALLER, document, name, [], NEVER)

    asyncio.run(all_of_them())


def count(folder: Path) -> int:
    async def of_all() -> int:
        with opened(folder) as store:
            return await store.document_count()

    return asyncio.run(of_all())


def test_a_snapshot_is_taken_beside_a_server_and_restored_without_one(
    groundwire_command: Command, folder: Path
) -> None:
    put(folder, "a", "b")

    async def beside() -> Ran:
        async with folder_lock(folder):
            return await asyncio.to_thread(groundwire_command, "corpus", "snapshot", "copy.sqlite3")

    taken = asyncio.run(beside())
    put(folder, "c")
    restored = groundwire_command("corpus", "restore", "copy.sqlite3", "--yes")

    assert (taken.code, taken.out, taken.err) == (0, "copy.sqlite3: 2 documents of 1 tenant\n", "")
    assert (restored.code, restored.out, restored.err) == (0, "groundwire-data: 2 documents of 1 tenant\n", "")
    assert count(folder) == 2


def test_a_server_keeps_its_store_from_being_replaced(groundwire_command: Command, folder: Path) -> None:
    put(folder, "a")
    groundwire_command("corpus", "snapshot", "copy.sqlite3")
    put(folder, "b")

    async def beside() -> Ran:
        async with folder_lock(folder):
            return await asyncio.to_thread(groundwire_command, "corpus", "restore", "copy.sqlite3", "--yes")

    ran = asyncio.run(beside())

    assert ran.code == 4
    assert "stop it" in ran.err
    assert ran.err.count("\n") == 1
    assert count(folder) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["there.sqlite3"], "there.sqlite3 exists: name another file, or replace it with --force"),
        (["groundwire-data/copy.sqlite3"], "in the folder of a store"),
        (["groundwire-data/store.sqlite3", "--force"], "in the folder of a store"),
        (["nowhere/copy.sqlite3"], "nowhere/copy.sqlite3: No such file or directory"),
        (["groundwire-data", "--force"], "groundwire-data is no regular file"),
        (["pipe", "--force"], "pipe is no regular file"),
    ],
)
def test_a_snapshot_writes_over_nothing_by_mistake(
    groundwire_command: Command, folder: Path, arguments: list[str], said: str
) -> None:
    put(folder, "a")
    Path("there.sqlite3").write_text("mine")
    os.mkfifo("pipe")

    ran = groundwire_command("corpus", "snapshot", *arguments)

    assert ran.code == 4
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert Path("there.sqlite3").read_text() == "mine"
    assert count(folder) == 1


def test_a_snapshot_replaces_a_file_when_told(groundwire_command: Command, folder: Path) -> None:
    put(folder, "a")
    Path("there.sqlite3").write_text("mine")

    ran = groundwire_command("corpus", "snapshot", "there.sqlite3", "--force")

    assert (ran.code, ran.out) == (0, "there.sqlite3: 1 document of 1 tenant\n")


def test_a_store_with_documents_is_not_replaced_unasked(groundwire_command: Command, folder: Path) -> None:
    put(folder, "a")
    groundwire_command("corpus", "snapshot", "copy.sqlite3")

    ran = groundwire_command("corpus", "restore", "copy.sqlite3")

    assert ran.code == 2
    assert "--yes" in ran.err


@pytest.mark.parametrize(("reply", "code", "left"), [("y\n", 0, 1), ("n\n", 1, 2), ("", 1, 2)])
def test_a_terminal_is_asked(
    groundwire_command: Command,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    reply: str,
    code: int,
    left: int,
) -> None:
    put(folder, "a")
    groundwire_command("corpus", "snapshot", "copy.sqlite3")
    put(folder, "b")
    monkeypatch.setattr(sys, "stdin", Teletype(reply))
    monkeypatch.setattr(sys, "stderr", Teletype())

    assert groundwire_command("corpus", "restore", "copy.sqlite3").code == code
    assert count(folder) == left


def test_a_new_store_is_filled_unasked(groundwire_command: Command, folder: Path) -> None:
    put(folder, "a")
    groundwire_command("corpus", "snapshot", "copy.sqlite3")
    (folder / "store.sqlite3").unlink()

    assert groundwire_command("corpus", "restore", "copy.sqlite3").code == 0
    assert count(folder) == 1


def test_the_store_is_no_snapshot_of_itself(groundwire_command: Command, folder: Path) -> None:
    put(folder, "a")

    ran = groundwire_command("corpus", "restore", "groundwire-data/store.sqlite3", "--yes")

    assert (ran.code, "is the store itself" in ran.err, count(folder)) == (4, True, 1)


def test_of_several_stores_the_one_that_keeps_documents_is_meant(groundwire_command: Command, folder: Path) -> None:
    Path("groundwire.yaml").write_text(
        "stores:\n  main: {kind: embedded, folder: main}\n  other: {kind: embedded, folder: other}\n"
        "  remote: {kind: weaviate, http: '127.0.0.1:1', grpc: '127.0.0.1:2'}\ncorpus: main\n"
    )
    put(Path("main"), "a", "b")
    put(Path("other"), "a")
    snapshot = ("corpus", "snapshot", "copy.sqlite3", "--force")

    unsaid = groundwire_command(*snapshot)
    said = groundwire_command(*snapshot, "--store", "other")
    wrong = groundwire_command(*snapshot, "--store", "othr")
    remote = groundwire_command(*snapshot, "--store", "remote")

    assert (unsaid.code, unsaid.out) == (0, "copy.sqlite3: 2 documents of 1 tenant\n")
    assert (said.code, said.out) == (0, "copy.sqlite3: 1 document of 1 tenant\n")
    assert (wrong.code, "othr" in wrong.err) == (2, True)
    assert (remote.code, "is of the kind weaviate, which has backups of its own" in remote.err) == (2, True)


@pytest.mark.parametrize("name", ["nowhere", "pipe", "."])
def test_what_is_no_file_is_not_restored(groundwire_command: Command, folder: Path, name: str) -> None:
    put(folder, "a")
    os.mkfifo("pipe")

    ran = groundwire_command("corpus", "restore", name, "--yes")

    assert (ran.code, ran.err) == (4, f"groundwire: there is no file {name}\n")
    assert count(folder) == 1

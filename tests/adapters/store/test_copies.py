"""Snapshots of the embedded store, taken while it is written to, and put back."""
# ruff: noqa: ASYNC240  # the files are small, and nothing waits for the loop

import asyncio
import json
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding, UnusableStoreFailure
from groundwire_server.adapters.store.embedded.copies import StoreContents, contents_of, put_in_place, take_snapshot
from groundwire_server.adapters.store.embedded.header import FILE
from groundwire_server.adapters.store.embedded.lock import LOCK
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Listing
from tests.contract.stores import ALICE, DIMENSIONS, STRANGER, Store, chunk, near

PAGES_OF_TEXT = "Parcels wait in the mail room. " * 40


def opening(path: Path) -> "closing[EmbeddedStore]":
    return closing(EmbeddedStore.open(path, SystemClock(), Embedding("axes", DIMENSIONS), readers=1))


def over(opened: EmbeddedStore) -> Store:
    return Store(opened.retriever, opened.corpus, opened.sentence_vectors)


def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "store.sqlite3"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "snapshot"


@pytest.fixture
def opened(file: Path) -> Iterator[EmbeddedStore]:
    with opening(file) as store:
        yield store


async def documents(store: Store) -> dict[str, tuple[int, str | None]]:
    infos = await store.corpus.page(ALICE, Listing(), None, 10_000, NEVER)
    return {
        info.document_id: (info.revision, await store.corpus.text(ALICE, info.document_id, NEVER)) for info in infos
    }


async def test_a_snapshot_holds_all_tenants_and_is_one_private_file(
    opened: EmbeddedStore, file: Path, target: Path
) -> None:
    store = over(opened)
    await store.put("post", chunk("c", "Parcels wait.", near(0)))
    await store.put("gone", "Boxes wait.")
    await store.corpus.delete(ALICE, "gone", NEVER)
    await store.put("post", "Letters fly.", caller=STRANGER)
    seen: list[tuple[int, int]] = []

    held = take_snapshot(file, target, lambda *pages: seen.append(pages))

    assert held == StoreContents(documents=2, tenants=2)
    assert [each.name for each in target.parent.iterdir() if each.is_file()] == [target.name]
    assert target.stat().st_mode & 0o077 == 0
    assert seen[-1][0] == seen[-1][1] > 0
    with opening(target) as copy:
        assert await documents(over(copy)) == {"post": (1, "Parcels wait.")}
        assert await over(copy).found("was it", near(0)) == ["c"]
        assert await over(copy).found("letters", caller=STRANGER) == ["post/0"]


async def test_a_snapshot_is_of_one_moment_however_much_is_written_meanwhile(
    opened: EmbeddedStore, file: Path, target: Path
) -> None:
    store = over(opened)
    for number in range(300):
        await store.put(f"d{number}", PAGES_OF_TEXT * 30, metadata={"round": 0.0})
    begun, loop = asyncio.Event(), asyncio.get_running_loop()
    written, steps = 0, 0

    def progress(done: int, total: int) -> None:
        nonlocal steps
        steps += 1
        loop.call_soon_threadsafe(begun.set)
        # Between two steps of the copy another change is committed.
        asyncio.run_coroutine_threadsafe(write(), loop).result(60)

    async def write() -> None:
        nonlocal written
        await store.put(f"d{written % 300}", "Another text.", metadata={"round": 1.0})
        await store.put(f"new{written}", "Another document.")
        written += 1

    held = await asyncio.to_thread(take_snapshot, file, target, progress)

    assert written == steps >= 2
    assert held.documents == 300
    with opening(target) as copy:
        kept = await documents(over(copy))
        assert len(kept) == 300
        assert {text for _, text in kept.values()} == {PAGES_OF_TEXT * 30}


async def test_a_snapshot_that_fails_leaves_the_file_before_and_nothing_beside(
    opened: EmbeddedStore, file: Path, target: Path
) -> None:
    await over(opened).put("post", "Parcels wait.")
    target.write_text("of yesterday")

    def fails(done: int, total: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        take_snapshot(file, target, fails)

    assert target.read_text() == "of yesterday"
    assert [each.name for each in target.parent.iterdir() if each.is_file()] == [target.name]


def test_without_a_store_there_is_no_snapshot_and_no_file(file: Path, target: Path) -> None:
    with pytest.raises(UnusableStoreFailure, match="there is no store"):
        take_snapshot(file, target, quiet)
    assert not target.exists()
    assert not file.exists()
    assert contents_of(file) is None


async def test_a_snapshot_in_place_is_the_store_as_it_was(file: Path, target: Path) -> None:
    with opening(file) as opened:
        store = over(opened)
        await store.put("post", chunk("c", "Parcels wait.", near(0)))
        await store.put("post", "Letters fly.", caller=STRANGER)
        take_snapshot(file, target, quiet)
        before = {caller.tenant: await store.corpus.version(caller, NEVER) for caller in (ALICE, STRANGER)}
        versions = {*before.values()}
        await store.put("post", "Parcels left.")
        await store.put("later", "Boxes came.")
        versions.add(await store.corpus.version(ALICE, NEVER))
    file.chmod(0o640)

    held = put_in_place(target, file, quiet)

    assert held == StoreContents(documents=2, tenants=2)
    assert [each.name for each in file.parent.iterdir()] == [file.name]
    assert file.stat().st_mode & 0o777 == 0o640
    with opening(file) as opened:
        store = over(opened)
        assert await documents(store) == {"post": (1, "Parcels wait.")}
        assert await store.found("was it", near(0)) == ["c"]
        for caller in (ALICE, STRANGER):
            restored = await store.corpus.version(caller, NEVER)
            assert restored not in versions
            versions.add(restored)
        assert (await store.put("post", "Parcels left.")).corpus_version not in versions


async def test_a_journal_that_was_left_behind_is_not_applied_to_the_new_file(file: Path, target: Path) -> None:
    with opening(file) as opened:
        await over(opened).put("post", "Parcels wait.")
        take_snapshot(file, target, quiet)
        await over(opened).put("post", "Parcels left.")
        left = {each.name: each.read_bytes() for each in file.parent.iterdir()}
    # As a process leaves it that is killed.
    for name, content in left.items():
        (file.parent / name).write_bytes(content)
    assert any(name.endswith("-wal") and content for name, content in left.items())

    put_in_place(target, file, quiet)

    with opening(file) as opened:
        assert await documents(over(opened)) == {"post": (1, "Parcels wait.")}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("none", "does not exist"),
        ("empty", "is empty"),
        ("text", "is no snapshot of a store"),
        ("header alone", "is no snapshot of a store"),
        ("torn", "cannot be copied"),
        ("changed", "snapshot is damaged"),
        ("other", "is no snapshot of a store"),
        ("older", "older groundwire; this one reads format 2: ingest the documents again"),
        ("newer", "newer groundwire"),
    ],
)
async def test_what_is_no_whole_snapshot_replaces_nothing(file: Path, target: Path, damage: str, said: str) -> None:
    with opening(file) as opened:
        for number in range(50):
            await over(opened).put(f"d{number}", PAGES_OF_TEXT)
        take_snapshot(file, target, quiet)
    whole = target.read_bytes()
    match damage:
        case "none":
            target.unlink()
        case "empty":
            target.write_bytes(b"")
        case "header alone":
            target.write_bytes(whole[:50])
        case "changed":
            middle = len(whole) // 2
            target.write_bytes(whole[:middle] + bytes(20_000) + whole[middle + 20_000 :])
        case "older" | "newer":
            number = {"older": 1, "newer": 9}[damage]
            target.write_bytes(whole[:60] + number.to_bytes(4, "big") + whole[64:])
        case "text":
            target.write_text("no database" * 100)
        case "torn":
            target.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) // 4))
        case _:
            target.unlink()
            with closing(sqlite3.connect(target)) as theirs:
                theirs.execute("CREATE TABLE theirs (x)")
    before = file.read_bytes()

    with pytest.raises(UnusableStoreFailure) as unusable:
        put_in_place(target, file, quiet)

    assert said in unusable.value.advice
    assert "snapshot" in unusable.value.advice
    assert file.read_bytes() == before
    assert [each.name for each in file.parent.iterdir()] == [file.name]


async def test_a_damaged_store_is_replaced(file: Path, target: Path) -> None:
    with opening(file) as opened:
        await over(opened).put("post", "Parcels wait.")
        take_snapshot(file, target, quiet)
    file.write_bytes(b"damaged" * 1000)

    put_in_place(target, file, quiet)

    with opening(file) as opened:
        assert await documents(over(opened)) == {"post": (1, "Parcels wait.")}
    assert [each.name for each in file.parent.iterdir()] == [file.name]


async def test_a_store_is_made_from_a_snapshot_where_there_was_none(file: Path, target: Path) -> None:
    with opening(file) as opened:
        await over(opened).put("post", "Parcels wait.")
        take_snapshot(file, target, quiet)
    file.unlink()

    put_in_place(target, file, quiet)

    with opening(file) as opened:
        assert await documents(over(opened)) == {"post": (1, "Parcels wait.")}


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize(("kind", "changed"), [("restore", 0), ("snapshot", 1)])
async def test_whenever_it_is_killed_there_is_the_old_file_or_the_new_one(
    tmp_path: Path, kind: str, changed: int
) -> None:
    command = (sys.executable, "-m", "tests.adapters.store.killed_copies", kind, str(tmp_path))
    run = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    out, _ = await run.communicate()
    rows = [json.loads(line) for line in out.splitlines()]
    before, after = (["new"], ["old"]) if kind == "restore" else (["old"], ["new"])
    states = [row[changed] for row in rows]
    assert states == sorted(states, key=lambda state: state == after)
    assert {*map(tuple, states)} == {tuple(before), tuple(after)}
    assert len(states) > 10
    assert all(row[1 - changed] == (["old"] if kind == "restore" else ["new"]) for row in rows)
    assert all(names == [LOCK, FILE] for *_, names in rows)

"""A folder belongs to one server, by a lock that ends with it."""
# ruff: noqa: ASYNC240  # the files are small, and nothing waits for the loop

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from groundwire_server.adapters.store.embedded import EmbeddedStore
from groundwire_server.adapters.store.embedded.header import FILE, REPLACED
from groundwire_server.adapters.store.embedded.lock import LOCK, FolderInUseError, folder_lock
from groundwire_server.app.clock import SystemClock


async def test_a_folder_is_one_servers_until_it_leaves(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    async with folder_lock(folder):
        with pytest.raises(FolderInUseError, match=rf"server \(process {os.getpid()}\) uses the folder {folder}"):
            async with folder_lock(folder):
                pass
    async with folder_lock(folder):
        assert (folder / LOCK).read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("left", ["4711\n", "", "no number", "9" * 100])
async def test_a_file_that_is_left_over_is_no_obstacle(tmp_path: Path, left: str) -> None:
    (tmp_path / LOCK).write_text(left)
    async with folder_lock(tmp_path):
        assert (tmp_path / LOCK).read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("opens", [True, False])
async def test_copies_that_a_killed_restore_has_left_are_removed(tmp_path: Path, opens: bool) -> None:
    left = {".store.sqlite3.a1b2c3d4", ".store.sqlite3.a1b2c3d4-wal", REPLACED, f"{REPLACED}-wal"}
    if opens:
        EmbeddedStore.open(tmp_path / FILE, SystemClock(), None).close()
    for name in {*left, "notes.txt"}:
        (tmp_path / name).write_text("Parcels wait.")
    async with folder_lock(tmp_path):
        pass
    kept = {FILE} if opens else {REPLACED, f"{REPLACED}-wal"}
    assert {each.name for each in tmp_path.iterdir()} == {LOCK, "notes.txt", *kept}


@pytest.mark.process
async def test_processes_that_inherit_the_lock_have_it_until_the_last_ends(tmp_path: Path) -> None:
    async with folder_lock(tmp_path) as descriptor:
        command = (sys.executable, "-c", "input()")
        heir = await asyncio.create_subprocess_exec(*command, stdin=PIPE, pass_fds=[descriptor])
    with pytest.raises(FolderInUseError):
        async with folder_lock(tmp_path):
            pass
    await heir.communicate(b"\n")
    async with folder_lock(tmp_path):
        pass

"""Kills a snapshot or a restore at each of its steps in turn, and prints what it has left each time, as JSON.

Run as `python -m tests.adapters.store.killed_copies {snapshot|restore} FOLDER`: it forks, which needs a process without
threads.
"""

import asyncio
import itertools
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from groundwire_server.adapters.store.embedded import EmbeddedStore
from groundwire_server.adapters.store.embedded.copies import put_in_place, take_snapshot
from groundwire_server.adapters.store.embedded.header import FILE
from groundwire_server.adapters.store.embedded.lock import folder_lock
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document

STEPS = {"open", "os.link", "os.remove", "os.rename", "os.chmod", "sqlite3.connect", "tempfile.mkstemp"}
"""Events of the interpreter that change what is on the disk, or come before such a change."""

CALLER = Caller("acme", "alice")
DOCUMENTS = 10


def quiet(done: int, total: int) -> None:
    """Report no progress."""


async def put(file: Path, text: str) -> None:
    with closing(EmbeddedStore.open(file, SystemClock(), None, readers=1)) as store:
        for number in range(DOCUMENTS):
            document = Document(f"d{number}", f"{text} {number}", allowed_principals=frozenset({EVERYBODY}))
            await store.corpus.put(CALLER, document, text, [], NEVER)


def texts(file: Path) -> list[str]:
    """The first words of all documents' texts, each once, in a file without damage."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = connection.execute("SELECT DISTINCT substr(text, 1, 3) FROM texts ORDER BY 1").fetchall()
    return [word for (word,) in rows]


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do the work in a child that is killed before a step; return whether it was."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status)
    count = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event in STEPS:
            count += 1
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    work()
    os._exit(0)


async def sweep(folder: Path) -> list[str]:
    """What is in a store's folder when its next owner has it."""
    async with folder_lock(folder):
        return sorted(each.name for each in os.scandir(folder))


def main(kind: str, folder: Path) -> None:
    template, snapshot = folder / "template", folder / "snapshot"
    asyncio.run(put(template / FILE, "old"))
    take_snapshot(template / FILE, snapshot, quiet)
    asyncio.run(put(template / FILE, "new"))
    for step in itertools.count(1):
        place = folder / "place"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(template, place)
        file, target = place / FILE, folder / "target"
        shutil.copy(snapshot, target)
        work = partial(put_in_place, snapshot, file) if kind == "restore" else partial(take_snapshot, file, target)
        killed = killed_at(step, partial(work, quiet))
        names = asyncio.run(sweep(place))
        print(json.dumps([texts(file), texts(target), names]))
        if not killed:
            return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

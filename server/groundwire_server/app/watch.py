"""When the configuration is read again: on a signal, and when its file changes, or one that it names."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

from groundwire_server.files.small import Marks, marks_of

WATCH_SECONDS = 1.0
"""How often the files are checked for a change."""


async def reload_when_due(
    reload: Callable[[], Awaitable[object]], asked: asyncio.Event, read: Callable[[], Marks]
) -> NoReturn:
    """Reload each time it is asked for, and each time a file changes, until this is cancelled.

    Args:
        reload: reads the configuration again, and uses it if it is valid.
        asked: is set to ask for it.
        read: returns the files of the active configuration, each as it was when it was read.
    """

    async def ask() -> None:
        asked.set()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watch(read, ask))
        while True:
            await asked.wait()
            asked.clear()
            await reload()


async def watch(read: Callable[[], Marks], changed: Callable[[], Awaitable[object]]) -> None:
    """Call `changed` each time a file has changed, until this is cancelled.

    A change counts once two checks in a row have found the same files: one that is half written is left alone. A file
    that is missing has not changed: editors put the new one in its place.

    Args:
        read: returns the files to check, each as it was when it was read.
        changed: called after each change.
    """
    known = seen = read()
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        # What was tried before is known, also where it is not in use.
        known = {file: known.get(file, before) for file, before in read().items()}
        found = await asyncio.to_thread(marks_of, known)
        before, seen = seen, {file: mark or known[file] for file, mark in found.items()}
        if seen == before and seen != known:
            known = seen
            await changed()

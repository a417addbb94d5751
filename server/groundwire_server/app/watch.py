"""When the configuration is read again: on a signal, and when its file changes."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path as File
from typing import NoReturn

from groundwire_server.files.small import Mark, mark

WATCH_SECONDS = 1.0
"""How often the configuration file is checked for a change."""


async def reload_when_due(
    reload: Callable[[], Awaitable[object]], asked: asyncio.Event, file: File | None, known: Mark
) -> NoReturn:
    """Reload each time it is asked for, and each time the file changes, until this is cancelled.

    Args:
        reload: reads the configuration again, and uses it if it is valid.
        asked: is set to ask for it.
        file: the configuration's; None if there is none.
        known: what it was like when it was read.
    """

    async def ask() -> None:
        asked.set()

    async with asyncio.TaskGroup() as tasks:
        if file is not None:
            tasks.create_task(watch(file, known, ask))
        while True:
            await asked.wait()
            asked.clear()
            await reload()


async def watch(file: File, known: Mark, changed: Callable[[], Awaitable[object]]) -> None:
    """Call `changed` each time a file has changed, until this is cancelled.

    A change counts once two checks in a row have found the same file: one that is half written is left alone. A file
    that is missing has not changed: editors put the new one in its place.

    Args:
        file: the file to check.
        known: what it was like when it was read.
        changed: called after each change.
    """
    seen = known
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        before, seen = seen, await asyncio.to_thread(mark, file)
        if seen is not None and seen == before and seen != known:
            known = seen
            await changed()

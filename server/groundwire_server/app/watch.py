"""Noticing that a file has changed."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

SECONDS = 2.0
"""How often it is looked at: one `stat`."""


async def watch(file: Path, changed: Callable[[], Awaitable[object]]) -> None:
    """Call `changed` each time the file is another than before, until this is cancelled.

    A file that is not there is no change: editors put the new one in the old one's place.
    """
    before = await asyncio.to_thread(_mark, file)
    while True:
        await asyncio.sleep(SECONDS)
        mark = await asyncio.to_thread(_mark, file)
        if mark is not None and mark != before:
            before = mark
            await changed()


def _mark(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino

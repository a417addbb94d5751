"""Noticing that a file has changed."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from groundwire_server.files.small import Mark, mark

SECONDS = 1.0
"""How often it is looked at."""


async def watch(file: Path, known: Mark, changed: Callable[[], Awaitable[object]]) -> None:
    """Call `changed` each time the file is another than before, until this is cancelled.

    A file is another when it was the same at two looks: one that is half written is left alone. One that is not there
    is no change: editors put the new one in the old one's place.

    Args:
        file: which to look at.
        known: what it was like when it was read.
        changed: told of each change.
    """
    seen = known
    while True:
        await asyncio.sleep(SECONDS)
        before, seen = seen, await asyncio.to_thread(mark, file)
        if seen is not None and seen == before and seen != known:
            known = seen
            await changed()

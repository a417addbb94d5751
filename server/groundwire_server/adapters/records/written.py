"""Waiting until every process that lives has written what it had in memory: an erasure must reach that as well."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

_POLL_SECONDS: Final = 0.2


async def until_written(write: Callable[[], Awaitable[bool]], behind: Callable[[], Awaitable[int]]) -> None:
    """Wait until this process and all others have written what they had; the caller bounds the time.

    Args:
        write: writes what this process has, and returns whether all of it is written.
        behind: returns how many processes that live have not written since.

    Raises:
        RecordsError: when the database cannot be asked who is behind.
    """
    written = False
    while True:
        written = written or await write()
        if written and not await behind():
            return
        await asyncio.sleep(_POLL_SECONDS)

"""How tests of the client for asyncio wait for what happens at the server; `_threads` has the same name."""

import asyncio
import threading

from tests.doubles.service import PATIENCE


async def until(event: threading.Event) -> bool:
    """Wait for an event and return whether it came."""
    return await asyncio.to_thread(event.wait, PATIENCE)

"""How tests of the client without asyncio wait for what happens at the server; `_aio` has the same name."""

import threading

from tests.doubles.service import PATIENCE


def until(event: threading.Event) -> bool:
    """Wait for an event and return whether it came."""
    return event.wait(PATIENCE)

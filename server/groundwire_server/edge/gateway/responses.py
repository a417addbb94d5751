"""Responses in JSON."""

import asyncio
from typing import Any, Final

from groundwire_server.edge.convert.json_message import json_of

_INLINE_BYTES: Final = 4096
"""A larger message is written in a thread: that can take longer than a millisecond."""


async def json_bytes(message: Any) -> bytes:
    """Return a message as JSON in UTF-8, in one line."""
    if message.ByteSize() <= _INLINE_BYTES:
        return json_of(message).encode()
    text = await asyncio.to_thread(json_of, message)
    return text.encode()

"""A client that asks and never reads: HTTP/2 by hand, with a window of nothing."""

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

_HEADERS, _SETTINGS, _DATA = 1, 4, 0
_END_STREAM, _END_HEADERS = 1, 4
_INITIAL_WINDOW_SIZE = 4


@asynccontextmanager
async def deaf_call(
    address: str, method: str, request: bytes, metadata: Sequence[tuple[str, str]]
) -> AsyncIterator[None]:
    """Make the call, and hold its connection open without reading of its stream."""
    host, _, port = address.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    headers = [(":method", "POST"), (":scheme", "http"), (":path", f"/{method}"), (":authority", "localhost")]
    headers += [("content-type", "application/grpc"), ("te", "trailers"), *metadata]
    writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    writer.write(_frame(_SETTINGS, 0, 0, struct.pack(">HI", _INITIAL_WINDOW_SIZE, 0)))
    writer.write(_frame(_HEADERS, _END_HEADERS, 1, b"".join(_literal(*header) for header in headers)))
    writer.write(_frame(_DATA, _END_STREAM, 1, b"\0" + struct.pack(">I", len(request)) + request))
    await writer.drain()
    try:
        yield
    finally:
        writer.close()
        await writer.wait_closed()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def _literal(name: str, value: str) -> bytes:
    """A header that HPACK does not index; short, so that a byte holds each length."""
    parts = [part.encode() for part in (name, value)]
    assert all(len(part) < 127 for part in parts)
    return b"\0" + b"".join(bytes([len(part)]) + part for part in parts)

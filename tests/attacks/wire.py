"""HTTP/2 by hand, for clients that do what no library would: frames are written as they are, right or wrong."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from hpack import Encoder
from hyperframe.frame import DataFrame, Frame, HeadersFrame, RstStreamFrame, SettingsFrame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

ATTACKER = "127.0.0.66"
"""An address of this machine that is not that of good callers."""

Headers = Sequence[tuple[str, str]]


@dataclass
class Wire:
    """One connection.

    Attributes:
        reader: what the server sends.
        writer: takes bytes.
        encoder: of header blocks.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    encoder: Encoder = field(default_factory=Encoder)
    _stream: int = -1

    async def send(self, *pieces: bytes | Frame) -> bool:
        """Send bytes and frames as they are; return whether the server still listens."""
        try:
            for piece in pieces:
                self.writer.write(piece if isinstance(piece, bytes) else piece.serialize())
            await self.writer.drain()
            await asyncio.sleep(0)
        except ConnectionError:
            return False
        return not (self.writer.is_closing() or self.reader.at_eof())

    async def begin(self, **settings: int) -> None:
        """Begin HTTP/2; settings are given by their names in hyperframe."""
        values = {getattr(SettingsFrame, name): value for name, value in settings.items()}
        await self.send(PREFACE, SettingsFrame(0, settings=values))

    def headers(self, method: str, metadata: Headers = (), *, flags: Iterable[str] = ("END_HEADERS",)) -> HeadersFrame:
        """Return the headers of a call on the next stream."""
        self._stream += 2
        return HeadersFrame(self._stream, data=self.encoder.encode(head(method, metadata)), flags=list(flags))

    def data(self, payload: bytes, *, last: bool = True) -> DataFrame:
        """Return bytes of the call that was begun last."""
        return DataFrame(self._stream, data=payload, flags=["END_STREAM"] if last else [])

    def reset(self) -> RstStreamFrame:
        """Return the end of the call that was begun last."""
        return RstStreamFrame(self._stream, error_code=8)

    async def closed(self) -> bytes:
        """Wait until the server closes the connection; return what it sent before."""
        received = b""
        with suppress(ConnectionError):
            while data := await self.reader.read(65536):
                received += data
        return received


def head(method: str, metadata: Headers = ()) -> list[tuple[str, str]]:
    """Return the headers of a call."""
    pseudo = [(":method", "POST"), (":scheme", "http"), (":path", f"/{method}"), (":authority", "localhost")]
    return [*pseudo, ("content-type", "application/grpc"), ("te", "trailers"), *metadata]


def message(payload: bytes, *, compressed: bool = False, length: int | None = None) -> bytes:
    """Return a message as gRPC frames it."""
    return struct.pack(">BI", compressed, len(payload) if length is None else length) + payload


@asynccontextmanager
async def wires(address: str, count: int = 1) -> AsyncIterator[list[Wire]]:
    """Open connections from the attacker's address, and close them at the end."""
    host, _, port = address.rpartition(":")
    opened: list[Wire] = []
    try:
        while len(opened) < count:
            opened += [Wire(*await asyncio.open_connection(host, int(port), local_addr=(ATTACKER, 0)))]
        yield opened
    finally:
        for wire in opened:
            wire.writer.transport.abort()

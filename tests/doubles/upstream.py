"""A provider on a socket: plays replies, and sees what its clients do."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

_BEATS = 4
"""Turns of the loop after which what was written has been read at the other end of a loopback connection."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds to wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Beat:
    """Let the client read what has been written."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Say no more, and keep the connection."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Break the connection off."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes without the frame of a chunk."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Endless:
    """The same bytes, again and again, as fast as they are read."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Echo:
    """What is made of the request's own body."""

    made: Callable[[bytes], bytes]


Move: TypeAlias = bytes | Pause | Beat | Stall | Reset | Raw | Endless | Echo


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request is answered with. Its body is a chunk a move of bytes.

    Attributes:
        before: what comes before the head.
        hangs_up: whether the connection is closed after it, although nothing announced that.
    """

    body: Sequence[Move]
    status: str = "200 OK"
    headers: Sequence[tuple[str, str]] = (("Content-Type", "text/event-stream"),)
    before: Sequence[Move] = ()
    hangs_up: bool = False

    @property
    def head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status}", *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode()


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float


@dataclass
class Upstream:
    """Answers each request with the next reply, and from then on with the last.

    Attributes:
        requests: as they came in.
        under_way: requests whose client still waits for something.
        abandoned: requests that their client closed before their end.
        connections: accepted so far.
        sent: bytes of bodies written so far.
        began: is set when a request has come in.
        idle: is set while no request is under way.
        left_at: when a client last closed a request before its end.
    """

    replies: list[Reply] = field(default_factory=list)
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    under_way: int = 0
    abandoned: int = 0
    connections: int = 0
    sent: int = 0
    left_at: float = 0.0
    began: asyncio.Event = field(default_factory=asyncio.Event)
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    _serving: set["asyncio.Task[None]"] = field(default_factory=set)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            while (request := await _request(reader)) is not None:
                await self._answer(request, reader, writer)
        except ConnectionError:
            pass
        except asyncio.CancelledError:
            # The double is closing; nobody is told.
            pass
        finally:
            self._serving.discard(task)
            writer.close()

    async def busy(self, many: int) -> None:
        """Wait until so many requests are under way."""
        while self.under_way < many:
            self.began.clear()
            await self.began.wait()

    async def close(self) -> None:
        for task in tuple(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _answer(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        self.requests.append(request)
        self.under_way += 1
        self.idle.clear()
        self.began.set()
        playing = asyncio.create_task(self._play(reply, writer, request))
        leaving = asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait({playing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not playing.done() or _left(playing):
                self.abandoned += 1
                self.left_at = asyncio.get_running_loop().time()
                raise ConnectionResetError
            if playing.result():
                raise ConnectionResetError
        finally:
            playing.cancel()
            leaving.cancel()
            await asyncio.gather(playing, leaving, return_exceptions=True)
            self.under_way -= 1
            if not self.under_way:
                self.idle.set()

    async def _play(self, reply: Reply, writer: asyncio.StreamWriter, request: Request) -> bool:
        """Play a reply; return whether the connection is to be closed after it."""
        for move in reply.before:
            await self._move(move, writer, request)
        writer.write(reply.head)
        for move in reply.body:
            await self._move(move, writer, request)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return reply.hangs_up

    async def _move(self, move: Move, writer: asyncio.StreamWriter, request: Request) -> None:
        match move:
            case bytes():
                self.sent += len(move)
                writer.write(b"%x\r\n%b\r\n" % (len(move), move))
            case Echo(made):
                await self._move(made(request.body), writer, request)
            case Raw(data):
                writer.write(data)
            case Pause(seconds):
                await writer.drain()
                await asyncio.sleep(seconds)
            case Beat():
                await writer.drain()
                for _ in range(_BEATS):
                    await asyncio.sleep(0)
            case Stall():
                await writer.drain()
                await asyncio.Event().wait()
            case Reset():
                await writer.drain()
                for _ in range(_BEATS):
                    await asyncio.sleep(0)
                writer.transport.abort()
                raise ConnectionResetError
            case Endless(data):
                while True:
                    await self._move(data, writer, request)
                    await writer.drain()
                    await asyncio.sleep(0)


@asynccontextmanager
async def upstream(*replies: Reply, tls: ssl.SSLContext | None = None) -> AsyncIterator[Upstream]:
    """Serve on a port of its own."""
    double = Upstream(list(replies))
    server = await asyncio.start_server(double, "127.0.0.1", 0, ssl=tls)
    double.port = server.sockets[0].getsockname()[1]
    try:
        yield double
    finally:
        server.close()
        await double.close()
        await server.wait_closed()


def _left(playing: "asyncio.Task[bool]") -> bool:
    return isinstance(playing.exception(), ConnectionError)


async def _request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    _, path, _ = head[0].split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(path, headers, body, asyncio.get_running_loop().time())

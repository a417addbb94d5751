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
class Until:
    """Say no more before something has happened, and keep the connection."""

    event: asyncio.Event | None = None


@dataclass(frozen=True, slots=True)
class Stall(Until):
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


Move: TypeAlias = bytes | Pause | Beat | Until | Reset | Raw | Endless | Echo


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


@dataclass(slots=True)
class Request:
    """What a client sent, and how long it stayed. Times are the loop's.

    Attributes:
        at: when it had come in.
        closed_at: when it ended or its client closed it; None while it is under way.
        abandoned: whether its client closed it before its end.
        writes: when bytes of the body were written to it, and how many.
    """

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    closed_at: float | None = None
    abandoned: bool = False
    writes: list[tuple[float, int]] = field(default_factory=list)

    @property
    def waited(self) -> float:
        """Seconds until it was closed."""
        assert self.closed_at is not None
        return self.closed_at - self.at

    def written_after(self, at: float) -> int:
        """Bytes of the body written after a time."""
        return sum(count for written, count in self.writes if written > at)


@dataclass
class Upstream:
    """Answers each request with the next reply, and from then on with the last.

    Attributes:
        requests: as they came in.
        connections: accepted so far.
        most: how many requests have been under way at once, at most.
        began: is set when a request has come in.
        idle: is set while no request is under way.
    """

    replies: list[Reply] = field(default_factory=list)
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    most: int = 0
    began: asyncio.Event = field(default_factory=asyncio.Event)
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    _serving: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def under_way(self) -> int:
        """How many requests have a client that still waits for something."""
        return sum(request.closed_at is None for request in self.requests)

    @property
    def open(self) -> int:
        """How many connections are open."""
        return len(self._serving)

    @property
    def abandoned(self) -> int:
        """How many requests their client closed before their end."""
        return sum(request.abandoned for request in self.requests)

    @property
    def sent(self) -> int:
        """Bytes of bodies written so far."""
        return self.written_after(0.0)

    @property
    def left_at(self) -> float:
        """When a client last closed a request before its end."""
        return max(request.closed_at or 0.0 for request in self.requests if request.abandoned)

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

    def written_after(self, at: float) -> int:
        """Bytes of bodies written after a time, such as that of a cancel."""
        return sum(request.written_after(at) for request in self.requests)

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
        self.most = max(self.most, self.under_way)
        self.idle.clear()
        self.began.set()
        playing = asyncio.create_task(self._play(reply, writer, request))
        leaving = asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait({playing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not playing.done() or _left(playing):
                request.abandoned = True
                request.closed_at = asyncio.get_running_loop().time()
                raise ConnectionResetError
            if playing.result():
                raise ConnectionResetError
        finally:
            playing.cancel()
            leaving.cancel()
            await asyncio.gather(playing, leaving, return_exceptions=True)
            request.closed_at = request.closed_at or asyncio.get_running_loop().time()
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
                request.writes.append((asyncio.get_running_loop().time(), len(move)))
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
            case Until(event):
                await writer.drain()
                await (event or asyncio.Event()).wait()
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

"""A listener that takes connections and never says a word: no TLS handshake with it comes to its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Connection:
    """One that was taken. Times are the loop's.

    Attributes:
        at: when.
        closed_at: when its client closed it; None while it is open.
    """

    at: float
    closed_at: float | None = None


@dataclass(slots=True)
class Silent:
    """Takes connections.

    Attributes:
        connections: in their order.
        idle: is set while none is open.
    """

    port: int = 0
    connections: list[Connection] = field(default_factory=list)
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        connection = Connection(loop.time())
        self.connections.append(connection)
        self.idle.clear()
        try:
            while await reader.read(65536):
                pass
        except ConnectionError:
            # Broken off is closed too.
            pass
        finally:
            connection.closed_at = loop.time()
            writer.close()
            if all(each.closed_at is not None for each in self.connections):
                self.idle.set()


@asynccontextmanager
async def silent() -> AsyncIterator[Silent]:
    """Listen on a port of its own."""
    double = Silent()
    server = await asyncio.start_server(double, "127.0.0.1", 0)
    double.port = server.sockets[0].getsockname()[1]
    async with server:
        yield double

"""A Weaviate in memory, spoken to over its own REST and gRPC interfaces, on loopback.

It keeps objects, applies tenants and filters, and ranks for real: BM25, cosine, and their relative-score fusion. What
it says of a mistake is what Weaviate 1.40 says, word for word; `tests/adapters/store/weaviate/` compares the two.
"""

import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from types import TracebackType

import grpc
from aiohttp import web
from weaviate.proto.v1 import weaviate_pb2_grpc

from tests.doubles.weaviate.rest import Rest
from tests.doubles.weaviate.service import Service, World

_HOST = "127.0.0.1"
_MESSAGE_BYTES = 104858000


class FakeWeaviate:
    """A server on two ports of its own, from entering to leaving.

    Attributes:
        world: what it holds and how it misbehaves.
        http_port: of its REST interface.
        grpc_port: of its gRPC interface.
    """

    def __init__(self, tls: tuple[ssl.SSLContext, grpc.ServerCredentials] | None = None) -> None:
        self.world = World()
        self.http_port = 0
        self.grpc_port = 0
        self._tls = tls
        self._ports = ExitStack()

    async def __aenter__(self) -> "FakeWeaviate":
        self.http_port, self.grpc_port = (self._ports.enter_context(_held_port()) for _ in range(2))
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()
        self._ports.close()

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Listen to nobody for a while; nobody else can take the ports."""
        await self._close()
        try:
            yield
        finally:
            await self._listen()

    async def _listen(self) -> None:
        context, credentials = self._tls or (None, None)
        self._runner = web.AppRunner(Rest(self.world).application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, _HOST, self.http_port, ssl_context=context, reuse_port=True).start()
        self._server = grpc.aio.server(
            options=[
                ("grpc.so_reuseport", 1),
                ("grpc.max_receive_message_length", _MESSAGE_BYTES),
                ("grpc.max_send_message_length", _MESSAGE_BYTES),
            ]
        )
        weaviate_pb2_grpc.add_WeaviateServicer_to_server(Service(self.world), self._server)  # type: ignore[no-untyped-call]
        address = f"{_HOST}:{self.grpc_port}"
        if credentials:
            self._server.add_secure_port(address, credentials)
        else:
            self._server.add_insecure_port(address)
        await self._server.start()

    async def _close(self) -> None:
        await self._server.stop(None)
        await self._runner.cleanup()


@contextmanager
def _held_port() -> Iterator[int]:
    """A port that is bound beside the server, so that it stays its own while the server is away."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((_HOST, 0))
        yield held.getsockname()[1]

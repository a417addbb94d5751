"""A Weaviate in memory, spoken to over its own REST and gRPC interfaces, on loopback.

It keeps objects, applies tenants and filters, and ranks for real: BM25, cosine, and their relative-score fusion. What
it says of a mistake is what Weaviate 1.40 says, word for word; `tests/adapters/store/weaviate/` compares the two.
"""

import ssl
from types import TracebackType

import grpc
from aiohttp import web
from weaviate.proto.v1 import weaviate_pb2_grpc

from tests.doubles.weaviate.rest import Rest
from tests.doubles.weaviate.service import Service, World

_MESSAGE_BYTES = 104858000


class FakeWeaviate:
    """A server on two free ports, from entering to leaving.

    Attributes:
        world: what it holds and how it misbehaves.
        http_port: of its REST interface.
        grpc_port: of its gRPC interface.
    """

    def __init__(
        self,
        http_port: int = 0,
        grpc_port: int = 0,
        tls: tuple[ssl.SSLContext, grpc.ServerCredentials] | None = None,
    ) -> None:
        self.world = World()
        self._tls = tls
        self.http_port = http_port
        self.grpc_port = grpc_port

    async def __aenter__(self) -> "FakeWeaviate":
        self._runner = web.AppRunner(Rest(self.world).application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.http_port, ssl_context=self._tls[0] if self._tls else None)
        await site.start()
        self.http_port = self._runner.addresses[0][1]
        self._server = grpc.aio.server(
            options=[
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", _MESSAGE_BYTES),
                ("grpc.max_send_message_length", _MESSAGE_BYTES),
            ]
        )
        weaviate_pb2_grpc.add_WeaviateServicer_to_server(Service(self.world), self._server)  # type: ignore[no-untyped-call]
        address = f"127.0.0.1:{self.grpc_port}"
        self.grpc_port = (
            self._server.add_secure_port(address, self._tls[1])
            if self._tls
            else self._server.add_insecure_port(address)
        )
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.stop(None)
        await self._runner.cleanup()

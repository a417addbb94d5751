"""Takes OTLP traces and throws them away: exporting is part of what the server pays for a span."""

from typing import Any

import grpc.aio

_EXPORT = "opentelemetry.proto.collector.trace.v1.TraceService"


class Collector:
    """Counts the exports it takes; runs in the benchmark's own process."""

    def __init__(self) -> None:
        self.exports = 0
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        handlers: dict[str, Any] = {"Export": grpc.unary_unary_rpc_method_handler(self._take)}
        self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(_EXPORT, handlers)])

    async def start(self) -> str:
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        return f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        await self._server.stop(0)

    async def _take(self, request: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
        self.exports += 1
        return b""

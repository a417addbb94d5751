"""Takes OTLP and throws it away: exporting is part of what the server pays for a span, a metric or a log record."""

from typing import Any

import grpc.aio

_SIGNALS = ("trace.v1.Trace", "metrics.v1.Metrics", "logs.v1.Logs")


class Collector:
    """Counts the exports it takes; runs in the benchmark's own process."""

    def __init__(self) -> None:
        self.exports = 0
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        handlers: dict[str, Any] = {"Export": grpc.unary_unary_rpc_method_handler(self._take)}
        for signal in _SIGNALS:
            service = f"opentelemetry.proto.collector.{signal}Service"
            self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, handlers)])

    async def start(self) -> str:
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        return f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        await self._server.stop(0)

    async def _take(self, request: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
        self.exports += 1
        return b""

"""The floor: a grpc.aio server whose methods return what they were sent. `python -m bench.floor` prints its address."""

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import uvloop

SERVICE = "bench.Floor"


async def _echo(request: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
    return request


async def _echo_stream(request: bytes, context: Any) -> None:
    await context.write(request)


async def _echo_each(requests: AsyncIterator[bytes], context: Any) -> None:
    async for request in requests:
        await context.write(request)


async def serve() -> None:
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handlers: dict[str, Any] = {
        "Empty": grpc.unary_unary_rpc_method_handler(_echo),
        "Stream": grpc.unary_stream_rpc_method_handler(_echo_stream),
        "Ingest": grpc.stream_stream_rpc_method_handler(_echo_each),
    }
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(serve())

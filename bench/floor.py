"""The floor: a grpc.aio server whose methods return what they were sent. `python -m bench.floor` prints its address."""

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import uvloop

from bench.serving import serving

SERVICE = "bench.Floor"


async def _echo(request: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
    return request


async def _echo_stream(request: bytes, context: Any) -> None:
    await context.write(request)


async def _echo_each(requests: AsyncIterator[bytes], context: Any) -> None:
    async for request in requests:
        await context.write(request)


async def serve() -> None:
    handlers: dict[str, Any] = {
        "Empty": grpc.unary_unary_rpc_method_handler(_echo),
        "Stream": grpc.unary_stream_rpc_method_handler(_echo_stream),
        "Ingest": grpc.stream_stream_rpc_method_handler(_echo_each),
    }
    await serving(SERVICE, handlers)


if __name__ == "__main__":
    uvloop.run(serve())

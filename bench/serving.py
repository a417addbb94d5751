"""A bare grpc.aio server, for what the product is measured against."""

from typing import Any

import grpc.aio


async def serving(service: str, handlers: dict[str, Any]) -> None:
    """Serve the methods of one service on a free port, say which, and never end."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, handlers)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    await server.wait_for_termination()

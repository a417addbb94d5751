"""The handlers of a gRPC server with its interceptors around them, for another transport that serves the same calls."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
import grpc.aio


@dataclass(frozen=True, slots=True)
class _Details(grpc.HandlerCallDetails):
    """What a handler is looked up by."""

    method: str
    invocation_metadata: tuple[tuple[str, str | bytes], ...] = ()


class Handlers:
    """Takes handlers as generated code adds them to a server, keeps them, and hands them on to the server.

    Args:
        server: the gRPC server that serves them too.
        interceptors: those of the server, the outermost first.
    """

    def __init__(self, server: grpc.aio.Server, interceptors: Sequence[grpc.aio.ServerInterceptor]) -> None:
        self._server = server
        self._generic: list[grpc.GenericRpcHandler] = []
        self._find: Callable[[grpc.HandlerCallDetails], Awaitable[Any]] = self._look_up
        for interceptor in reversed(interceptors):
            self._find = partial(interceptor.intercept_service, self._find)

    async def intercepted(self, method: str) -> Any:
        """Return the handler of `package.Service/Method` with the interceptors around it; None for an unknown method.

        All but those of methods without interceptors are `stream_stream`, whatever the method is.
        """
        return await self._find(_Details(f"/{method}"))

    def add_generic_rpc_handlers(self, generic_rpc_handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Keep what answers the calls of a service, and hand it on."""
        self._generic += generic_rpc_handlers
        self._server.add_generic_rpc_handlers(generic_rpc_handlers)

    def add_registered_method_handlers(self, service_name: str, method_handlers: Mapping[str, Any]) -> None:
        """Hand on what answers the calls of a service; the same handlers come as generic ones."""
        self._server.add_registered_method_handlers(service_name, dict(method_handlers))

    async def _look_up(self, details: grpc.HandlerCallDetails) -> Any:
        for generic in self._generic:
            handler = generic.service(details)
            if handler is not None:
                return handler
        return None

"""The gRPC channel of the Weaviate client, with a deadline and a trace context for every call.

The client has no timeout for a single call, and it retries an unavailable server for up to 63 seconds: errors are
therefore raised as `WireError`, which it does not know and passes on. The channel is wrapped because an interceptor
costs another task for every call, and the client has no option for one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import grpc
from weaviate.config import GrpcConfig
from weaviate.connect import ConnectionParams

from groundwire_server.adapters.store.weaviate.failures import WireError
from groundwire_server.adapters.store.weaviate.options import WeaviateOptions

_RECONNECT_AT_MOST_MS = 2000


@dataclass(frozen=True, slots=True)
class WireCall:
    """Deadline and trace context of a call.

    Attributes:
        at: when it must have been answered, on the loop's clock.
        traceparent: the W3C header, empty without a trace.
    """

    at: float
    traceparent: str


CALL: ContextVar[WireCall] = ContextVar("weaviate_call")
"""Set around every use of the client."""


class BoundedParams(ConnectionParams):
    """Connection parameters that open a bounded channel."""

    def _grpc_channel(
        self, proxies: dict[str, str], grpc_msg_size: int | None, is_async: bool, grpc_config: GrpcConfig | None = None
    ) -> Any:
        channel = super()._grpc_channel(proxies, grpc_msg_size, is_async, grpc_config)
        return _BoundedChannel(cast("grpc.aio.Channel", channel))


def grpc_config(options: WeaviateOptions, ca: bytes | None) -> GrpcConfig:
    """Return the channel's options: keepalive, bounded reconnects, no proxy, and a private certificate authority."""
    milliseconds = int(options.keepalive_seconds * 1000)
    credentials = None
    if ca is not None:
        credentials = grpc.ssl_channel_credentials(root_certificates=ca)
    return GrpcConfig(
        channel_options=[
            ("grpc.keepalive_time_ms", milliseconds),
            ("grpc.keepalive_timeout_ms", milliseconds),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", _RECONNECT_AT_MOST_MS),
            ("grpc.enable_http_proxy", 0),
        ],
        credentials=credentials,
    )


class _BoundedChannel(grpc.aio.Channel):
    """A channel that gives unary calls a deadline and passes everything else on."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    async def __aenter__(self) -> "_BoundedChannel":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close(None)

    async def close(self, grace: float | None = None) -> None:
        await self._channel.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return self._channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self._channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._channel.channel_ready()

    def unary_unary(self, *args: Any, **kwargs: Any) -> Any:
        return _bounded(self._channel.unary_unary(*args, **kwargs))

    def unary_stream(self, *args: Any, **kwargs: Any) -> Any:
        return self._channel.unary_stream(*args, **kwargs)

    def stream_unary(self, *args: Any, **kwargs: Any) -> Any:
        return self._channel.stream_unary(*args, **kwargs)

    def stream_stream(self, *args: Any, **kwargs: Any) -> Any:
        return self._channel.stream_stream(*args, **kwargs)


def _bounded(send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def call(request: Any, *, metadata: Sequence[tuple[str, str]] | None = None, **_: object) -> Any:
        wire = CALL.get()
        headers = [*(metadata or ())]
        if wire.traceparent:
            headers.append(("traceparent", wire.traceparent))
        left = max(0.0, wire.at - asyncio.get_running_loop().time())
        try:
            return await send(request, metadata=headers, timeout=left)
        except grpc.aio.AioRpcError as error:
            raise WireError(error.code().name, error.details() or "") from None
        except grpc.aio.UsageError:
            # The channel was closed beneath the call.
            raise WireError(grpc.StatusCode.UNAVAILABLE.name, "") from None

    return call

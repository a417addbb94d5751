"""The service of the Connect project's conformance suite, as a servicer of gRPC that our interceptors stand around."""

import asyncio
import base64
import importlib
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as PackedAny
from google.rpc import status_pb2

NAME = "connectrpc.conformance.v1.ConformanceService"
STATUSES = {code.value[0]: code for code in grpc.StatusCode}


class ConformanceService:
    """Does what each request says.

    Args:
        messages: the module that was generated of the suite's `service.proto`.
    """

    def __init__(self, messages: Any) -> None:
        self._messages = messages

    @classmethod
    def generated(cls) -> "ConformanceService":
        """The service of the code that was generated of the suite's files."""
        return cls(importlib.import_module("connectrpc.conformance.v1.service_pb2"))

    def handlers(self) -> dict[str, Any]:
        """What answers the calls, by the names of the methods; `Unimplemented` has none."""
        one, many = grpc.unary_stream_rpc_method_handler, grpc.stream_stream_rpc_method_handler
        behaviors: dict[str, tuple[Any, Any]] = {
            "Unary": (one, self.unary),
            "IdempotentUnary": (one, self.unary),
            "ServerStream": (one, self.server_stream),
            "ClientStream": (many, self.client_stream),
            "BidiStream": (many, self.bidi_stream),
        }
        return {
            f"{NAME}/{name}": make(behavior, getattr(self._messages, f"{name}Request").FromString)
            for name, (make, behavior) in behaviors.items()
        }

    async def unary(self, request: Any, context: Any) -> None:
        """Answer one request with one response."""
        await self._respond(type(request).__name__, request.response_definition, [request], context)

    async def client_stream(self, requests: AsyncIterator[Any], context: Any) -> None:
        """Answer many requests with one response."""
        received = [each.valid() async for each in requests]
        definition = received[0].response_definition if received else self._messages.UnaryResponseDefinition()
        await self._respond("ClientStreamRequest", definition, received, context)

    async def server_stream(self, request: Any, context: Any) -> None:
        """Answer one request with many responses."""
        definition = request.response_definition
        await self._begin(definition, context)
        await self._send("ServerStreamResponse", definition, [request], definition.response_data, context)
        await self._fail(definition, [request] if not definition.response_data else None, context)

    async def bidi_stream(self, requests: AsyncIterator[Any], context: Any) -> None:
        """Answer many requests with many responses, each at once or all at the end."""
        received: list[Any] = []
        definition, full_duplex, sent = self._messages.StreamResponseDefinition(), False, 0
        first = True
        async for each in requests:
            request = each.valid()
            received.append(request)
            if first:
                definition, first = request.response_definition, False
                await self._begin(definition, context)
                full_duplex = request.full_duplex
            if full_duplex:
                if sent >= len(definition.response_data):
                    break
                data = definition.response_data[sent : sent + 1]
                await self._send("BidiStreamResponse", definition, received, data, context, first=sent == 0)
                sent, received = sent + 1, []
        rest = definition.response_data[sent:]
        await self._send("BidiStreamResponse", definition, received, rest, context, first=sent == 0)
        await self._fail(definition, received if not definition.response_data else None, context)

    async def _respond(self, request: str, definition: Any, requests: Sequence[Any], context: Any) -> None:
        await self._begin(definition, context)
        if definition.HasField("error"):
            await self._fail(definition, requests, context)
        await asyncio.sleep(definition.response_delay_ms / 1000)
        response = getattr(self._messages, request.replace("Request", "Response"))()
        response.payload.data = definition.response_data
        response.payload.request_info.CopyFrom(self._info(requests, context))
        await context.write(response)

    async def _begin(self, definition: Any, context: Any) -> None:
        """Set the headers and the trailers."""
        await context.send_initial_metadata(_pairs(definition.response_headers))
        context.set_trailing_metadata(_pairs(definition.response_trailers))

    async def _send(
        self,
        kind: str,
        definition: Any,
        requests: Sequence[Any],
        data: Iterable[bytes],
        context: Any,
        *,
        first: bool = True,
    ) -> None:
        """Send responses, the first of which says what was received."""
        for index, each in enumerate(data):
            response = getattr(self._messages, kind)()
            response.payload.data = each
            if index == 0 and first:
                response.payload.request_info.CopyFrom(self._info(requests, context))
            elif index == 0:
                response.payload.request_info.requests.extend(map(_packed, requests))
            await asyncio.sleep(definition.response_delay_ms / 1000)
            await context.write(response)

    async def _fail(self, definition: Any, requests: Sequence[Any] | None, context: Any) -> None:
        """End with the error of a definition, if there is one."""
        if not definition.HasField("error"):
            return
        error = definition.error
        details = list(error.details)
        if requests is not None:
            details.append(_packed(self._info(requests, context)))
        status = status_pb2.Status(code=error.code, message=error.message, details=details)
        trailers = (*_pairs(definition.response_trailers), ("grpc-status-details-bin", status.SerializeToString()))
        await context.abort(STATUSES[error.code], error.message, trailers)

    def _info(self, requests: Sequence[Any], context: Any) -> Any:
        info = self._messages.ConformancePayload.RequestInfo(requests=map(_packed, requests))
        values: dict[str, list[str]] = {}
        for key, value in context.invocation_metadata():
            values.setdefault(key, []).append(value if isinstance(value, str) else _base64(value))
        for key, each in values.items():
            info.request_headers.add(name=key, value=each)
        remaining = context.time_remaining()
        if remaining is not None:
            info.timeout_ms = round(remaining * 1000)
        return info


def _packed(message: Any) -> PackedAny:
    packed = PackedAny()
    packed.Pack(message)
    return packed


def _pairs(headers: Iterable[Any]) -> tuple[tuple[str, str | bytes], ...]:
    return tuple((each.name.lower(), _value(each.name, value)) for each in headers for value in each.value)


def _value(name: str, text: str) -> str | bytes:
    if not name.lower().endswith("-bin"):
        return text
    return base64.b64decode(text + "=" * (-len(text) % 4))


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode().rstrip("=")

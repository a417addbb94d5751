"""Answers as server-sent events, for what reads `text/event-stream` and no protocol of RPC."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

import grpc
import jiter
from connectrpc.errors import ConnectError

from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.convert.request import JsonText
from groundwire_server.edge.gateway.context import CONNECT, HttpContext
from groundwire_server.edge.gateway.errors import error_of, http_status_of, json_of_error, metadata_of, trailers_of
from groundwire_server.edge.gateway.exchange import HttpExchange
from groundwire_server.edge.gateway.http_call import HttpCall
from groundwire_server.edge.gateway.reply import NO_STORE, NOSNIFF, reply_error, reply_json
from groundwire_server.edge.gateway.responses import json_bytes
from groundwire_server.edge.gateway.routes import BodyTooLargeError, HttpRoute, read_body
from groundwire_server.edge.limits import RECEIVE_LIMIT

STREAM_ANSWER: Final = "groundwire.v1.AnswerService/StreamAnswer"

_TYPE: Final = "text/event-stream"
_TIMEOUT_KEY: Final = "connect-timeout-ms"
_LAST_ID_KEY: Final = "last-event-id"
_DIGITS: Final = 10
_INLINE_BYTES: Final = 65_536


class AnswerEvents:
    """Streams an answer: each event of StreamAnswer is one of the stream.

    Args:
        handler: of StreamAnswer, behind the interceptors.
    """

    def __init__(self, handler: Any) -> None:
        self._handler = handler

    def route(self) -> HttpRoute:
        """Return the endpoint."""
        return HttpRoute("/v1/answer:stream", ("POST",), ("application/json",), self.serve)

    async def serve(self, call: HttpCall) -> None:
        """Serve one request."""
        if not _accepts_events(call.headers.get("accept", "*/*")):
            await reply_error(call.send, 406, "invalid_argument", f"accept {_TYPE}, or call StreamAnswer by Connect")
            return
        try:
            seconds, after = _number(call, _TIMEOUT_KEY), _number(call, _LAST_ID_KEY)
        except ValueError as wrong:
            await reply_error(call.send, 400, "invalid_argument", str(wrong))
            return
        deadline = None if seconds is None else asyncio.get_running_loop().time() + seconds / 1000
        metadata = metadata_of(call.headers.items())
        context = HttpContext(metadata, call.peer, call.certificates, deadline, CONNECT)
        exchange = call.exchange = HttpExchange(self._handler, context)
        stream = _Stream(call, exchange)
        late = False
        try:
            async with asyncio.timeout_at(deadline):
                if await stream.ask(after):
                    await stream.write()
        except TimeoutError:
            late = True
        except BodyTooLargeError as large:
            await reply_error(call.send, 413, "resource_exhausted", f"the request is {large}")
            return
        await exchange.cancel(Reason.DEADLINE_EXCEEDED if late else Reason.CANCELLED)
        await stream.end()


class _Stream:
    """One stream of events."""

    def __init__(self, call: HttpCall, exchange: HttpExchange) -> None:
        self._call = call
        self._exchange = exchange
        self._begun = False

    async def ask(self, after: int | None) -> bool:
        """Begin the call and give it its request; return whether it goes on."""
        exchange, body = self._exchange, self._call.body
        if not await exchange.begin():
            return False
        exchange.ended.add_done_callback(lambda _: body.end(lambda: error_of(exchange.context.status)))
        try:
            # How long it may take is the call's own: the body ends with it.
            data = await read_body(self._call, RECEIVE_LIMIT, None)
        except (ConnectionError, ConnectError):
            return False
        if after is not None:
            data = await _resumed(data, after)
        await exchange.context.feed(JsonText(data), last=True)
        return True

    async def write(self) -> None:
        """Send what the call writes, until it ends or the client leaves."""
        watching = asyncio.create_task(self._watch())
        try:
            async for response in self._exchange.responses():
                await self._begin()
                await self._send(await _event(response))
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    async def end(self) -> None:
        """Send what the call has ended with."""
        status = self._exchange.context.status
        metadata: dict[str, list[str]] = {}
        for key, value in trailers_of(status[2]):
            metadata.setdefault(key, []).append(value)
        if status[0] is grpc.StatusCode.OK:
            await self._begin()
            await self._send(_written("end", {"metadata": metadata}), last=True)
            return
        error = error_of(status)
        if self._begun:
            await self._send(_written("error", json_of_error(error)), last=True)
            return
        headers = [(f"trailer-{key}".encode(), value.encode()) for key, values in metadata.items() for value in values]
        await reply_json(self._call.send, http_status_of(error), json_of_error(error), headers)

    async def _watch(self) -> None:
        """End the call when the client leaves."""
        while (await self._call.body.receive())["type"] != "http.disconnect":
            pass
        self._exchange.stop(Reason.CANCELLED)

    async def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            # Proxies that buffer responses would hold the events back.
            headers = [(b"content-type", _TYPE.encode()), NO_STORE, NOSNIFF, (b"x-accel-buffering", b"no")]
            await self._call.send({"type": "http.response.start", "status": 200, "headers": headers})

    async def _send(self, data: bytes, *, last: bool = False) -> None:
        await self._call.send({"type": "http.response.body", "body": data, "more_body": not last})


async def _event(response: StreamAnswerResponse) -> bytes:
    kind = response.WhichOneof("event") or "unknown"
    if kind == "heartbeat":
        return b": heartbeat\n\n"
    data = await json_bytes(response)
    return b"event: %b\nid: %d\ndata: %b\n\n" % (kind.encode(), response.sequence, data)


def _written(kind: str, value: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


async def _resumed(data: bytes, after: int) -> bytes:
    """Return a request that asks for what comes after an event; one that is not JSON stays as it is."""
    if len(data) <= _INLINE_BYTES:
        return _with_after(data, after)
    return await asyncio.to_thread(_with_after, data, after)


def _with_after(data: bytes, after: int) -> bytes:
    try:
        value = jiter.from_json(data, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError:
        return data
    if not isinstance(value, dict):
        return data
    value.pop("after_sequence", None)
    return json.dumps({**value, "afterSequence": after}, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _number(call: HttpCall, key: str) -> int | None:
    text = call.headers.get(key)
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise ValueError(f"{key} must be a whole number of at most {_DIGITS} digits")
    return int(text)


def _accepts_events(accept: str) -> bool:
    kinds: Sequence[str] = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return any(kind in {_TYPE, "text/*", "*/*"} for kind in kinds)

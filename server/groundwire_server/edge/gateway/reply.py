"""Responses that are no call's: short ones in JSON, and what all responses have in common."""

import json
from collections.abc import Iterable
from typing import Final, TypeAlias

from groundwire_server.edge.gateway.http_call import Send

HttpHeaders: TypeAlias = Iterable[tuple[bytes, bytes]]

NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
NO_STORE: Final = (b"cache-control", b"no-store")

_WITHOUT_BODY: Final = (204, 304)


async def reply(send: Send, status: int, body: bytes = b"", headers: HttpHeaders = ()) -> None:
    """Send a whole response."""
    length = () if status in _WITHOUT_BODY else ((b"content-length", str(len(body)).encode()),)
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length, NOSNIFF]})
    await send({"type": "http.response.body", "body": body})


async def reply_json(send: Send, status: int, value: object, headers: HttpHeaders = ()) -> None:
    """Send a whole response in JSON, which no cache keeps."""
    body = json.dumps(value, ensure_ascii=False).encode()
    await reply(send, status, body, [(b"content-type", b"application/json"), NO_STORE, *headers])


async def reply_text(send: Send, status: int, text: str, headers: HttpHeaders = ()) -> None:
    """Send a whole response as text, which no cache keeps."""
    kind = (b"content-type", b"text/plain; charset=utf-8")
    await reply(send, status, f"{text}\n".encode(), [kind, NO_STORE, *headers])


async def reply_error(send: Send, status: int, code: str, message: str, headers: HttpHeaders = ()) -> None:
    """Send an error as the Connect protocol has it.

    Args:
        send: ASGI's own.
        status: of HTTP.
        code: of the Connect protocol.
        message: says what to do.
        headers: more of them.
    """
    await reply_json(send, status, {"code": code, "message": message}, headers)

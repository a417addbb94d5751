"""The heads of requests: what is refused before anything else is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from groundwire_server.edge.gateway.http_call import Scope

_VERSIONS: Final = ("1.0", "1.1")


@dataclass(frozen=True, slots=True)
class HeadRefusal:
    """Why the head of a request is refused.

    Attributes:
        status: of HTTP.
        code: of the Connect protocol.
        message: says what to do.
        closes: whether the connection ends with it: nobody can tell where the next request begins.
    """

    status: int
    code: str
    message: str
    closes: bool = False


def refusal_of(scope: Scope, max_bytes: int) -> HeadRefusal | None:
    """Return why a request is refused by its head; None where it is not.

    Args:
        scope: ASGI's own.
        max_bytes: the largest head.
    """
    version, names = scope["http_version"], {name for name, _ in scope["headers"]}
    if version not in _VERSIONS:
        return HeadRefusal(505, "unimplemented", "use HTTP/1.1", closes=True)
    if b"transfer-encoding" in names and (b"content-length" in names or version == "1.0"):
        # A proxy in front may go by the other one, and take the rest of the body for a request of somebody else.
        advice = "send content-length alone, or transfer-encoding alone with HTTP/1.1"
        return HeadRefusal(400, "invalid_argument", advice, closes=True)
    if _size(scope) > max_bytes:
        # One that arrives at once is never incomplete, which is what the library bounds.
        return HeadRefusal(431, "resource_exhausted", "send fewer or smaller headers")
    if scope["raw_path"] != scope["path"].encode():
        # A proxy that allows some paths alone would take an escaped one for another.
        return HeadRefusal(404, "unimplemented", "there is nothing at this path: send it without escapes")
    return None


def headers_of(raw: Sequence[tuple[bytes, bytes]]) -> Mapping[str, str] | None:
    """Return headers by name, in lower case; None where they are not ASCII."""
    headers: dict[str, str] = {}
    try:
        for key, value in raw:
            name, text = key.decode("ascii"), value.decode("ascii")
            headers[name] = f"{headers[name]},{text}" if name in headers else text
    except UnicodeDecodeError:
        return None
    return headers


def _size(scope: Scope) -> int:
    """Return the bytes of a request's address and headers."""
    head = len(scope["raw_path"]) + len(scope["query_string"])
    return head + sum(len(key) + len(value) for key, value in scope["headers"])

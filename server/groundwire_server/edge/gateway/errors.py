"""Statuses as errors of the Connect protocol, with their details."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Any, Final

import grpc
from connectrpc.code import Code
from connectrpc.errors import ConnectError, ErrorDetail
from google.protobuf import descriptor_pool
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from google.rpc import status_pb2
from protobuf import message_from_json_value
from protobuf.wkt import Any as ConnectAny
from protobuf.wkt import Struct

from groundwire_server.edge.statuses import StatusParts, Trailers

_STATUS_KEY: Final = "grpc-status-details-bin"

CODES: Final = {
    **{code: Code[code.name] for code in grpc.StatusCode if code.name in Code.__members__},
    grpc.StatusCode.CANCELLED: Code.CANCELED,
}
"""gRPC's codes as the Connect protocol has them."""


_HTTP_STATUSES: Final = {
    Code.CANCELED: 499,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.UNAUTHENTICATED: 401,
}
"""As the protocol has them; all others are 500."""


class _Detail(ErrorDetail):
    """A detail that clients without the contract can read too: the protocol has a place for its JSON."""

    def __init__(self, packed: Any) -> None:
        super().__init__(ConnectAny(type_url=packed.type_url, value=packed.value))
        self._packed = packed

    def value(self, *_: object) -> Any:
        """Return the detail's JSON as the library takes it; None for a type that is not known."""
        shown = self.shown()
        return None if shown is None else message_from_json_value(Struct, shown)

    def shown(self) -> Any:
        """Return the detail's JSON; None for a type that is not known."""
        name = self._packed.type_url.rpartition("/")[2]
        try:
            kind = GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(name))
            return MessageToDict(kind.FromString(self._packed.value))
        except (KeyError, DecodeError):
            return None


def error_of(status: StatusParts) -> ConnectError:
    """Return the error that a call ends with."""
    code, message, trailers = status
    details: list[ErrorDetail] = []
    for key, value in trailers:
        if key == _STATUS_KEY and isinstance(value, bytes):
            details += map(_Detail, status_pb2.Status.FromString(value).details)
    return ConnectError(CODES[code], message, details)


def http_status_of(error: ConnectError) -> int:
    """Return the status of HTTP that goes with an error."""
    return _HTTP_STATUSES.get(error.code, 500)


def json_of_error(error: ConnectError) -> dict[str, Any]:
    """Return an error as the protocol has it in JSON."""
    shown: dict[str, Any] = {"code": error.code.value, "message": error.message}
    if error.details:
        shown["details"] = [_json_of_detail(detail) for detail in error.details]
    return shown


def _json_of_detail(detail: ErrorDetail) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": detail.type_name, "value": text_of(detail.message_bytes)}
    if isinstance(detail, _Detail) and (debug := detail.shown()) is not None:
        shown["debug"] = debug
    return shown


def trailers_of(trailers: Trailers) -> list[tuple[str, str]]:
    """Return trailing metadata as text; the protocol sends the details of a status in a place of their own."""
    return [(key, text_of(value)) for key, value in trailers if key != _STATUS_KEY]


def text_of(value: str | bytes) -> str:
    """Return a value of metadata as headers have it."""
    return value if isinstance(value, str) else b64encode(value).decode().rstrip("=")


def metadata_of(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str | bytes]]:
    """Return headers of a request as metadata; those whose name ends in `-bin` are bytes."""
    metadata: list[tuple[str, str | bytes]] = []
    for key, value in headers:
        if not key.endswith("-bin"):
            metadata.append((key, value))
            continue
        for part in value.split(","):
            data = bytes_of(part.strip())
            if data is not None:
                metadata.append((key, data))
    return metadata


def bytes_of(text: str) -> bytes | None:
    """Return the value of a `-bin` header; None where it is not base64."""
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None

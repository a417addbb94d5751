"""Requests as they arrive: bytes that become a message, or the reason why they do not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import DecodeError

from groundwire_server.domain.failure import Rejection, Violation
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.convert.violations import first_violation, violations_of
from groundwire_server.edge.convert.wire import MalformedMessageError, fields_over_limits, shape_of

_FEW_FIELDS: Final = 64
"""Naming a violation takes 13 µs, so all are named only where there cannot be many; otherwise the first one is."""


class JsonText(bytes):
    """A request as JSON, which HTTP brings, in place of the message's own bytes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Received:
    """One request.

    Attributes:
        message: the message; None where the bytes are none, or break a limit on what is read.
        rejection: why the request is rejected; None for a valid one.
    """

    message: Any
    rejection: Rejection | None = None

    def valid(self) -> Any:
        """Return the message.

        Raises:
            Rejection: INVALID_REQUEST, naming the fields.
        """
        if self.rejection is not None:
            raise self.rejection
        return self.message


class RequestFormat:
    """How the requests of one method are read.

    Args:
        parse: makes a message of bytes; the method of a generated class.
        max_bytes: the largest request.
    """

    def __init__(self, parse: Callable[[bytes], Any], max_bytes: int) -> None:
        self._parse = parse
        self._max_bytes = max_bytes
        kind: Any = parse
        self._message = kind.__self__
        self._shape = shape_of(self._message.DESCRIPTOR)

    def read(self, data: bytes) -> Received:
        """Return the request; what is cheapest to find wrong is looked for first."""
        if len(data) > self._max_bytes:
            return _rejected(Violation("", f"must be at most {self._max_bytes} bytes", "message.max_bytes"))
        if isinstance(data, JsonText):
            # Imported here: a server without a gateway does not need it.
            from groundwire_server.edge.convert.json_message import (  # noqa: PLC0415
                MalformedJsonError,
                message_from_json,
            )

            given = self._message()
            try:
                message_from_json(data, given)
            except MalformedJsonError as wrong:
                return _rejected(Violation(wrong.field, wrong.description, "message.json"))
            # From here on it is held to the same limits as any other.
            data = given.SerializeToString()
        try:
            too_many = fields_over_limits(data, self._shape)
            if too_many is not None:
                return _rejected(too_many)
            message = self._parse(data)
        except (DecodeError, MalformedMessageError):
            description = "must be a message of this method, nested at most 100 levels"
            return _rejected(Violation("", description, "message.decode"))
        first = first_violation(message)
        if first is None:
            return Received(message)
        few = fields_over_limits(data, self._shape, _FEW_FIELDS) is None
        return Received(message, _rejection(*(violations_of(message) if few else (first,))))


def _rejected(violation: Violation) -> Received:
    return Received(None, _rejection(violation))


def _rejection(*violations: Violation) -> Rejection:
    return Rejection(Reason.INVALID_REQUEST, violations=violations)

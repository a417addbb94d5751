"""A failed call, with what the server said about it and what to do.

An outcome that is not an answer is no error: it is what the product planned for, and comes back as a value.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

DETAILS = "grpc-status-details-bin"
PUSHBACK = "grpc-retry-pushback-ms"
REQUEST_ID = "groundwire-request-id"
TRACE_ID = "groundwire-trace-id"
DOMAIN = "groundwire.io"

_DETAILS = (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo)
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_PUSHBACK_DIGITS = 10
"""The most digits of a pushback, which is an int32 of milliseconds."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A field that breaks its limits."""

    field: str
    description: str


class Error(Exception):
    """A call that failed; as a text it says what happened and what to do.

    Attributes:
        code: the gRPC status code.
        reason: why, a name of `ErrorReason` without its prefix; empty when no server said.
        message: what happened and what to do.
        violations: every field that breaks its limits.
        retry_after: seconds to wait before the call is sent again; None when the server did not say.
        final: True when the server asks for the call not to be sent again.
        connection_lost: True when a server was connected and the connection broke, or a stream ended without an
            outcome; the call may have been carried out.
        request_id: the id the call had, where the server was reached.
        trace_id: the trace of the call, where the server was reached.
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        *,
        reason: str = "",
        details: str = "",
        violations: tuple[Violation, ...] = (),
        retry_after: float | None = None,
        final: bool = False,
        connection_lost: bool = False,
        request_id: str = "",
        trace_id: str = "",
    ) -> None:
        self.code = code
        self.reason = reason
        self.message = message
        self.violations = violations
        self.retry_after = retry_after
        self.final = final
        self.connection_lost = connection_lost
        self.request_id = request_id
        self.trace_id = trace_id
        named = code.name if reason in {"", code.name} else f"{code.name} {reason}"
        facts = [f"{named}: {details}" if details else named]
        if retry_after is not None:
            facts.append(f"retry after {retry_after:g} s")
        if trace_id:
            facts.append(f"trace {trace_id}")
        super().__init__(f"{message} ({', '.join(facts)})")

    @property
    def unreachable(self) -> bool:
        """True when no groundwire server answers at the address."""
        return self.code is grpc.StatusCode.UNAVAILABLE and not self.reason and not self.connection_lost


def from_call(
    code: grpc.StatusCode | None,
    details: str | None,
    trailers: Iterable[tuple[str, str | bytes]] | None,
    server: str,
    *,
    reached: bool = False,
) -> Error:
    """Return what a failed call's status and trailing metadata say.

    Args:
        code: the status code; None reads as UNKNOWN.
        details: what came with it.
        trailers: the trailing metadata.
        server: the address, for the message.
        reached: whether a server has answered there before, or the connection to it was made.
    """
    metadata: dict[str, str | bytes] = dict(iter(trailers or ()))  # iter: aio.Metadata is both a mapping and its items
    reason, violations, retry_after = "", list[Violation](), None
    for detail in _details(metadata.get(DETAILS)):
        match detail:
            case error_details_pb2.ErrorInfo(domain=domain) if domain == DOMAIN:
                reason = detail.reason
            case error_details_pb2.BadRequest():
                violations += [Violation(each.field, each.description) for each in detail.field_violations]
            case error_details_pb2.RetryInfo():
                retry_after = detail.retry_delay.ToNanoseconds() / 1e9
            case _:
                pass
    code, said = code or grpc.StatusCode.UNKNOWN, " ".join((details or "").split())
    pushback = _pushback(metadata.get(PUSHBACK))
    lost = reached and code is grpc.StatusCode.UNAVAILABLE and not reason and pushback is None
    return Error(
        code,
        said if reason and said else _what_to_do(code, server or "the address", lost=lost),
        reason=reason,
        details="" if reason else said,
        violations=tuple(violations),
        retry_after=retry_after if pushback is None or pushback < 0 else pushback,
        final=pushback is not None and pushback < 0,
        connection_lost=lost,
        request_id=_text(metadata.get(REQUEST_ID)),
        trace_id=_text(metadata.get(TRACE_ID)),
    )


def from_status(status: status_pb2.Status, request_id: str, trace_id: str) -> Error:
    """Return what a status says that a message carries, of the call with these ids."""
    trailers = ((DETAILS, status.SerializeToString()), (REQUEST_ID, request_id), (TRACE_ID, trace_id))
    return from_call(_CODES.get(status.code), status.message, trailers, "")


def ended_early(request_id: str) -> Error:
    """Return the error of a stream that ended with the status OK before its outcome: something between cut it off."""
    return Error(
        grpc.StatusCode.UNAVAILABLE,
        "The stream ended without an outcome, as if its connection was lost: ask again.",
        connection_lost=True,
        request_id=request_id,
    )


def _what_to_do(code: grpc.StatusCode, there: str, *, lost: bool) -> str:
    """Return a sentence for a call that failed without a word from the server: mostly it was never reached."""
    match code:
        case grpc.StatusCode.UNAVAILABLE if lost:
            return f"The connection to the server at {there} was lost: see whether it still runs, and call again."
        case grpc.StatusCode.UNAVAILABLE:
            return (
                f"No groundwire server answers at {there}: start one with `groundwire serve`, or correct the address."
            )
        case grpc.StatusCode.UNIMPLEMENTED:
            return f"The server at {there} does not offer this call: correct the address, or upgrade the server."
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return "No answer came in time: allow a longer timeout."
        case grpc.StatusCode.RESOURCE_EXHAUSTED:
            return "The message is over 16 MiB, or the server takes no more calls: send less at once, or later."
        case grpc.StatusCode.CANCELLED:
            return "The call was cancelled: if you did not, the server stopped before it began, so call again."
        case _:
            return f"The call failed: report it to the operator of the server at {there}."


def _details(packed: str | bytes | None) -> Iterator[Message]:
    """Yield the details of a status that are known here; one that cannot be read is passed over."""
    if not isinstance(packed, bytes):
        return
    with contextlib.suppress(DecodeError):
        for detail in status_pb2.Status.FromString(packed).details:
            for known in _DETAILS:
                if detail.Is(known.DESCRIPTOR):
                    with contextlib.suppress(DecodeError):
                        yield known.FromString(detail.value)


def _pushback(value: str | bytes | None) -> float | None:
    """Return the seconds of gRPC's own retry pushback; below 0 for a call that is not to be sent again, or not read."""
    if not isinstance(value, str):
        return None
    return int(value) / 1000 if value.isdecimal() and len(value) <= _PUSHBACK_DIGITS else -1.0


def _text(value: str | bytes | None) -> str:
    return value if isinstance(value, str) else ""

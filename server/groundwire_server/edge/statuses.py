"""The one table from failures to statuses; every reason with its code and a sentence that says what to do."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil
from typing import Any, TypeAlias

import grpc
import grpc.aio
from google.protobuf import any_pb2, duration_pb2, message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from groundwire_server.domain.failure import Failure, QuotaViolation, Rejection, Violation
from groundwire_server.domain.guards.finding import ForbiddenFailure
from groundwire_server.domain.vocabulary import Cause, Reason

DOMAIN = "groundwire.io"

Trailers: TypeAlias = tuple[tuple[str, str | bytes], ...]

StatusParts: TypeAlias = tuple[grpc.StatusCode, str, Trailers]
"""The code, the message and the trailing metadata that a call ends with."""

_TABLE: dict[Reason, tuple["code_pb2.Code.ValueType", str]] = {
    Reason.INVALID_REQUEST: (code_pb2.INVALID_ARGUMENT, "Fields exceed their limits; BadRequest names each."),
    Reason.ROUTE_UNKNOWN: (code_pb2.NOT_FOUND, "The server has no such route; ListRoutes lists the routes."),
    Reason.DOCUMENT_NOT_FOUND: (code_pb2.NOT_FOUND, "The document does not exist, or you may not see it."),
    Reason.REVISION_MISMATCH: (
        code_pb2.ABORTED,
        "The stored revision is not the expected one; read the document and decide again.",
    ),
    Reason.UNAUTHENTICATED: (
        code_pb2.UNAUTHENTICATED,
        "The call has no valid credential; send one token, API key or client certificate.",
    ),
    Reason.FORBIDDEN: (code_pb2.PERMISSION_DENIED, "Your roles or your tenant do not allow this call."),
    Reason.REQUEST_ID_REUSED: (code_pb2.INVALID_ARGUMENT, "This request_id was used for another question."),
    Reason.REQUEST_IN_FLIGHT: (code_pb2.ABORTED, "This request is being answered; wait for it, or cancel it."),
    Reason.RUN_NOT_FOUND: (code_pb2.NOT_FOUND, "There is nothing to resume; ask again without after_sequence."),
    Reason.RUN_UNREACHABLE: (code_pb2.UNAVAILABLE, "The answer can no longer be followed; ask again."),
    Reason.OPERATION_NOT_FOUND: (code_pb2.NOT_FOUND, "The operation does not exist, or it is not yours."),
    Reason.REVIEW_NOT_FOUND: (code_pb2.NOT_FOUND, "Your tenant has no such review."),
    Reason.REVIEW_CLAIMED: (code_pb2.ABORTED, "Another reviewer holds this review; try again later."),
    Reason.REVIEW_NOT_CLAIMED: (code_pb2.FAILED_PRECONDITION, "You do not hold this review; claim it first."),
    Reason.REVIEW_DECIDED: (code_pb2.FAILED_PRECONDITION, "This review has been decided, or has expired."),
    Reason.REVIEW_CHANGED: (code_pb2.ABORTED, "The review has changed since you read it; read it and decide again."),
    Reason.REVIEW_OWN: (code_pb2.PERMISSION_DENIED, "You asked this question; another reviewer must decide."),
    Reason.REVIEW_NO_DRAFT: (code_pb2.FAILED_PRECONDITION, "There is no draft to approve; edit or reject the review."),
    Reason.REVIEW_TEXT_UNSUPPORTED: (
        code_pb2.FAILED_PRECONDITION,
        "The passages do not support every sentence of the text; validate it to see which.",
    ),
    Reason.PROMPT_NOT_FOUND: (code_pb2.NOT_FOUND, "There is no such prompt, version or label."),
    Reason.PROMPT_INVALID: (code_pb2.INVALID_ARGUMENT, "The prompt cannot be used; the violations say why."),
    Reason.PROMPT_VERSION_EXISTS: (
        code_pb2.ALREADY_EXISTS,
        "This version exists with another text; versions never change, so take another number.",
    ),
    Reason.PROMPT_LABEL_CHANGED: (
        code_pb2.ABORTED,
        "The label points elsewhere than you expect, or at nothing earlier; read it again.",
    ),
    Reason.EXPERIMENT_NOT_FOUND: (code_pb2.NOT_FOUND, "There is no such experiment, or it has no such arm."),
    Reason.EXPERIMENT_INVALID: (code_pb2.INVALID_ARGUMENT, "The experiment cannot be used; the violations say why."),
    Reason.EXPERIMENT_CHANGED: (code_pb2.ABORTED, "The experiment has changed since you read it; read it again."),
    Reason.EXPERIMENT_ENDED: (
        code_pb2.FAILED_PRECONDITION,
        "The experiment has ended; begin another under a new name.",
    ),
    Reason.RECORDING_NOT_FOUND: (code_pb2.NOT_FOUND, "Your tenant has no such recording."),
    Reason.FEATURE_NOT_OFFERED: (code_pb2.UNIMPLEMENTED, "This server does not offer what the request asks for."),
    Reason.CONTENT_FORBIDDEN: (
        code_pb2.FAILED_PRECONDITION,
        "Policy forbids the question, what was found, or the text.",
    ),
    Reason.GUARD_UNAVAILABLE: (code_pb2.UNAVAILABLE, "A guard could not be asked; try again later."),
    Reason.STORE_UNAVAILABLE: (code_pb2.UNAVAILABLE, "The store could not be reached; try again later."),
    Reason.EMBEDDER_UNAVAILABLE: (code_pb2.UNAVAILABLE, "The text could not be embedded; try again later."),
    Reason.STORE_MISCONFIGURED: (code_pb2.FAILED_PRECONDITION, "The store rejected the service; tell the operator."),
    Reason.DEADLINE_EXCEEDED: (code_pb2.DEADLINE_EXCEEDED, "The deadline expired; allow more time."),
    Reason.CANCELLED: (code_pb2.CANCELLED, "The call was cancelled."),
    Reason.SHUTTING_DOWN: (code_pb2.UNAVAILABLE, "The server is shutting down; try another."),
    Reason.QUOTA_EXCEEDED: (code_pb2.RESOURCE_EXHAUSTED, "A limit is used up; try again later."),
    Reason.LIMITS_UNAVAILABLE: (code_pb2.UNAVAILABLE, "Limits cannot be checked; try again later."),
    Reason.OVERLOADED: (code_pb2.UNAVAILABLE, "The server has no capacity left; try again later."),
    Reason.OPERATION_EXPIRED: (code_pb2.DEADLINE_EXCEEDED, "The answer was not written in time; submit it again."),
    Reason.RIGHTS_WITHDRAWN: (
        code_pb2.PERMISSION_DENIED,
        "The credential that submitted the question is no longer valid.",
    ),
    Reason.OPERATION_NOT_HALTED: (
        code_pb2.FAILED_PRECONDITION,
        "Only a halted operation can be requeued; this one is not halted.",
    ),
    Reason.QUEUE_FULL: (code_pb2.RESOURCE_EXHAUSTED, "Too many questions are waiting; try again later."),
    Reason.RECORDS_UNAVAILABLE: (
        code_pb2.UNAVAILABLE,
        "The records cannot be read or written now; try again later. The server's log says why.",
    ),
    Reason.ERASED: (code_pb2.DATA_LOSS, "The question and its answer were erased."),
    Reason.INTERNAL: (code_pb2.INTERNAL, "An internal error; report the trace id from the trailing metadata."),
}

_REASONS: dict[Cause, Reason] = {
    Cause.STORE_UNAVAILABLE: Reason.STORE_UNAVAILABLE,
    Cause.STORE_TIMEOUT: Reason.STORE_UNAVAILABLE,
    Cause.STORE_MISCONFIGURED: Reason.STORE_MISCONFIGURED,
    Cause.EMBEDDER_UNAVAILABLE: Reason.EMBEDDER_UNAVAILABLE,
    Cause.QUESTION_FORBIDDEN: Reason.CONTENT_FORBIDDEN,
    Cause.EVIDENCE_FORBIDDEN: Reason.CONTENT_FORBIDDEN,
    Cause.ANSWER_FORBIDDEN: Reason.CONTENT_FORBIDDEN,
    Cause.GUARD_UNAVAILABLE: Reason.GUARD_UNAVAILABLE,
    Cause.TIME_EXHAUSTED: Reason.DEADLINE_EXCEEDED,
    Cause.CAPACITY_EXHAUSTED: Reason.OVERLOADED,
}

_RETRY_AFTER = 1.0
_VIOLATIONS_NAMED = 16
_VIOLATIONS_BYTES = 3072
_SENTENCE_BYTES = 512
"""Trailers over 8 KiB are refused by clients, and the status with them; `violations` in ErrorInfo counts all.

The sentence is sent twice, once with three bytes for one beyond ASCII; the details take four bytes for three.
"""
_RETRYABLE = frozenset({code_pb2.UNAVAILABLE, code_pb2.RESOURCE_EXHAUSTED})
"""Statuses that say how long to wait, in RetryInfo and to gRPC's own retries; others say it where it is known."""

_PUSHBACK = "grpc-retry-pushback-ms"
_TYPE_URL = "type.googleapis.com/"


def rejection_of(failure: Failure) -> Rejection:
    """A failure where no outcome was planned for it: the calls that retrieve and keep documents."""
    reason = _REASONS.get(failure.cause, Reason.INTERNAL)
    metadata = {"cause": failure.cause.value}
    if isinstance(failure, ForbiddenFailure):
        metadata |= {"policy": failure.block.guard.name, "category": failure.block.category}
    return Rejection(reason, metadata=metadata, retry_after=failure.retry_after)


def status_of(rejection: Rejection) -> status_pb2.Status:
    """The status with its details: ErrorInfo always; BadRequest, RetryInfo and QuotaFailure where they apply."""
    code, sentence = _TABLE[rejection.reason]
    info = error_details_pb2.ErrorInfo(reason=rejection.reason.value, domain=DOMAIN)
    for name, value in rejection.metadata.items():
        info.metadata[name] = value
    details: list[message.Message] = [info]
    if rejection.violations:
        info.metadata["violations"] = str(len(rejection.violations))
        details.append(
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(
                        field=violation.field, description=violation.description, reason=_upper(violation.rule)
                    )
                    for violation in _named(rejection.violations)
                ]
            )
        )
        sentence = _cut("; ".join(_said(violation) for violation in rejection.violations[:3]), _SENTENCE_BYTES)
    elif feature := rejection.metadata.get("feature", ""):
        sentence = f"The server, or the route, does not offer {feature}; GetServerInfo lists what the server offers."
    wait = _wait(rejection)
    if wait is not None:
        seconds, nanos = divmod(round(wait * 1e9), 1_000_000_000)
        delay = duration_pb2.Duration(seconds=seconds, nanos=nanos)
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    if rejection.quotas:
        details.append(error_details_pb2.QuotaFailure(violations=[_quota(each) for each in rejection.quotas]))
        sentence = rejection.quotas[0].description
    return status_pb2.Status(code=code, message=sentence, details=[_packed(detail) for detail in details])


def set_status(context: "grpc.aio.ServicerContext[Any, Any]", status: StatusParts) -> None:
    """Have gRPC end a call with a status when its handler returns.

    To abort the call would raise an error that gRPC keeps with it: a cycle that holds every frame the error went
    through, until the garbage collector finds it.
    """
    code, message, trailers = status
    context.set_code(code)
    context.set_details(message)
    context.set_trailing_metadata(trailers)


def aborted(rejection: Rejection) -> StatusParts:
    """Return what a rejected call ends with."""
    status = rpc_status.to_status(status_of(rejection))
    wait = _wait(rejection)
    trailers: Trailers = tuple(status.trailing_metadata or ())
    if wait is not None and _TABLE[rejection.reason][0] in _RETRYABLE:
        trailers += ((_PUSHBACK, str(ceil(wait * 1000))),)
    return status.code, status.details or "", trailers


def _wait(rejection: Rejection) -> float | None:
    """Return the seconds after which the call may be sent again; None where that is not known."""
    if rejection.retry_after is None and _TABLE[rejection.reason][0] in _RETRYABLE:
        return _RETRY_AFTER
    return rejection.retry_after


def _quota(violation: QuotaViolation) -> error_details_pb2.QuotaFailure.Violation:
    return error_details_pb2.QuotaFailure.Violation(
        subject=violation.subject,
        description=violation.description,
        api_service=DOMAIN,
        quota_metric=f"{DOMAIN}/{violation.metric}",
        quota_id=violation.limit,
        quota_dimensions=dict(violation.dimensions),
        quota_value=violation.value,
    )


def _named(violations: Sequence[Violation]) -> Iterator[Violation]:
    """Yield violations as far as there is room for them, long ones in part."""
    left = _VIOLATIONS_BYTES
    for each in violations[:_VIOLATIONS_NAMED]:
        shorter = replace(
            each, field=_cut(each.field, _SENTENCE_BYTES), description=_cut(each.description, _SENTENCE_BYTES)
        )
        left -= len(shorter.field.encode()) + len(shorter.description.encode()) + len(each.rule)
        if left < 0:
            return
        yield shorter


def _cut(text: str, most: int) -> str:
    """Return a text of at most so many bytes."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= most:
        return text
    return f"{encoded[: most - len('…'.encode())].decode(errors='ignore')}…"


def _said(violation: Violation) -> str:
    return f"{violation.field}: {violation.description}" if violation.field else violation.description


def _packed(detail: message.Message) -> any_pb2.Any:
    # `Any.Pack` is Python's, and costs as much as all the rest of a status.
    return any_pb2.Any(type_url=_TYPE_URL + detail.DESCRIPTOR.full_name, value=detail.SerializeToString())


def _upper(rule: str) -> str:
    """BadRequest wants a reason in UPPER_SNAKE_CASE."""
    return "".join(c if c.isalnum() else "_" for c in rule).upper().strip("_")

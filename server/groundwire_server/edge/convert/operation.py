"""Operations of queued answers."""

import re
from typing import Final

from google.longrunning import operations_pb2

from groundwire.v1 import operation_pb2, operation_service_pb2
from groundwire.v1.answer_service_pb2 import AnswerResponse
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.operation import Operation, OperationPlace
from groundwire_server.domain.vocabulary import OperationState, Reason
from groundwire_server.edge.convert.durations import fill
from groundwire_server.edge.convert.times import fill_time, read_place
from groundwire_server.edge.convert.words import CAUSES, OPERATION_STATES
from groundwire_server.edge.statuses import status_of

_ID: Final = re.compile(r"[0-9a-f]{32}")
_NAME: Final = re.compile(rf"operations/({_ID.pattern})")
_RESPONSE: Final = f"type.googleapis.com/{AnswerResponse.DESCRIPTOR.full_name}"


def operation_id_of(name: str) -> str:
    """Return the id of a named operation.

    Raises:
        Rejection: INVALID_REQUEST for any other text.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise Rejection.invalid("name", "must be operations/ and 32 lower-case hexadecimal digits", "operation.name")
    return found[1]


def place_to_texts(place: OperationPlace) -> tuple[str, str]:
    """Return a place as the token of a page holds it."""
    return place.accepted.isoformat(), place.operation_id


def place_from_texts(accepted: str, operation_id: str) -> OperationPlace:
    """Return the place that `place_to_texts` has written.

    Raises:
        ValueError: for other texts.
    """
    at, named = read_place(accepted, operation_id)
    if _ID.fullmatch(named) is None:
        raise ValueError("not the place of an operation")
    return OperationPlace(at, named)


def operation_to_pb(operation: Operation) -> operations_pb2.Operation:
    """Return an operation as callers of google.longrunning know it; one from a list has no response."""
    message = operations_pb2.Operation(name=operation.name, done=operation.done)
    message.metadata.Pack(metadata_to_pb(operation))
    if operation.error is not None:
        message.error.CopyFrom(status_of(Rejection(operation.error, metadata=_about(operation, operation.error))))
    elif operation.result is not None:
        # It is an AnswerResponse already: reading it would cost as much as it is long.
        message.response.type_url, message.response.value = _RESPONSE, operation.result
    return message


def metadata_to_pb(operation: Operation) -> operation_pb2.AnswerOperationMetadata:
    """Return what is known of an operation beside its result."""
    message = operation_pb2.AnswerOperationMetadata(
        state=OPERATION_STATES[operation.state],
        position=operation.position,
        request_id=operation.request_id,
        trace_id=operation.trace_id,
        route=operation.route,
        attempts=operation.attempts,
        ticket=operation.ticket,
    )
    if operation.poll_after is not None:
        fill(message.poll_after, operation.poll_after)
    if operation.cause is not None:
        message.cause = CAUSES[operation.cause]
    fill_time(message.create_time, operation.accepted)
    fill_time(message.start_time, operation.begun)
    fill_time(message.expire_time, operation.expires)
    return message


def halted_to_pb(operation: Operation) -> operation_service_pb2.HaltedOperation:
    """Return a halted operation as an operator sees it."""
    message = operation_service_pb2.HaltedOperation(name=operation.name, metadata=metadata_to_pb(operation))
    fill_time(message.halt_time, operation.ended)
    return message


def _about(operation: Operation, error: Reason) -> dict[str, str]:
    match error:
        case Reason.OPERATION_EXPIRED:
            return {"attempts": str(operation.attempts)}
        case Reason.CANCELLED:
            return {"request_id": operation.request_id}
        case Reason.ROUTE_UNKNOWN:
            return {"route": operation.route}
        case _:
            return {}


_TERM: Final = re.compile(r"(state|done)\s*=\s*\"?(\w+)\"?")
_STATES: Final = {f"state={state.value}": frozenset({state}) for state in OperationState}
_DONE: Final = {
    "done=true": frozenset({OperationState.DONE}),
    "done=false": frozenset(OperationState) - {OperationState.DONE},
}


def states_of(condition: str) -> frozenset[OperationState]:
    """Return the states that a filter lets through; none where it is empty and lets all through.

    A filter is one term, or several joined with OR: `state = QUEUED OR state = RUNNING`, `done = true`.

    Raises:
        Rejection: INVALID_REQUEST for any other text.
    """
    if not condition.strip():
        return frozenset()
    states: frozenset[OperationState] = frozenset()
    for term in re.split(r"\s+OR\s+", condition.strip()):
        written = _TERM.fullmatch(term)
        selected = (_STATES | _DONE).get("=".join(written.groups())) if written is not None else None
        if selected is None:
            said = "must be terms joined with OR: `state = ` and a state's name, `done = true` or `done = false`"
            raise Rejection.invalid("filter", said, "operation.filter")
        states |= selected
    return states

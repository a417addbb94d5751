"""google.longrunning.Operations: the operations of the caller's own queued answers."""

from typing import Any, Final

import grpc.aio
from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import OperationsServicer
from google.protobuf import empty_pb2

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.operation import OperationKey
from groundwire_server.edge.call import Call, current_call
from groundwire_server.edge.convert.operation import (
    operation_id_of,
    operation_to_pb,
    place_from_texts,
    place_to_texts,
    states_of,
)
from groundwire_server.edge.following import Following, operation_not_found
from groundwire_server.edge.interceptors.access import caller_of, check_role
from groundwire_server.edge.paging import PageTokens, page_size
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.operations import ended

COLLECTION: Final = "operations"
_FILTER_LIMIT: Final = 256
_TOKEN_LIMIT: Final = 256
_LONGEST_WAIT: Final = 300.0
"""Seconds of a wait that names no time."""


class Operations(OperationsServicer):  # type: ignore[misc]  # has no types
    """The operations of the caller's own queued answers."""

    def __init__(self, current: CurrentSnapshot, following: Following, clock: Clock) -> None:
        self._current = current
        self._following = following
        self._clock = clock

    async def GetOperation(
        self, request: operations_pb2.GetOperationRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> operations_pb2.Operation:
        """Return an operation."""
        queue, key = self._current.snapshot.queued_answers, own(current_call(), request.name)
        operation = await queue.records.get(key)
        if operation is None:
            raise operation_not_found(key.operation_id)
        return operation_to_pb(operation)

    async def ListOperations(
        self, request: operations_pb2.ListOperationsRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> operations_pb2.ListOperationsResponse:
        """Return a page of operations, the oldest first, without their responses."""
        queue, caller = self._current.snapshot.queued_answers, current_call().caller
        states = _listed(request)
        tokens = PageTokens("operations", caller.tenant, caller.subject, request.filter)
        after, size = tokens.read(request.page_token, place_from_texts), page_size(request.page_size)
        found = await queue.records.page(caller.tenant, caller.subject, states, after, size + 1)
        page, following = tokens.cut(found, size, lambda each: place_to_texts(each.place))
        return operations_pb2.ListOperationsResponse(
            operations=map(operation_to_pb, page),
            next_page_token=following,
        )

    async def WaitOperation(
        self, request: operations_pb2.WaitOperationRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> operations_pb2.Operation:
        """Return an operation once it is done, or as it is when the time is up or the server drains."""
        queue, call = self._current.snapshot.queued_answers, current_call()
        key, by = own(call, request.name), _wait_by(call, request)
        async with self._following.follow(queue, key) as followed:
            operation = await followed.look()
            while not operation.done and not self._following.ending:
                left = by.remaining(self._clock.now())
                if not left:
                    break
                await followed.pause(left)
                operation = await followed.look()
        # The wait may outlast the key, the token or the tenant that it was admitted with.
        await still_allowed(call, self._current)
        return operation_to_pb(operation)

    async def CancelOperation(
        self, request: operations_pb2.CancelOperationRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> empty_pb2.Empty:
        """End an operation; one that is done stays as it is."""
        queue, key = self._current.snapshot.queued_answers, own(current_call(), request.name)
        if await queue.records.cancel(key) is None:
            raise operation_not_found(key.operation_id)
        await queue.wakeups.notify(ended(key.operation_id))
        return empty_pb2.Empty()

    async def DeleteOperation(
        self, request: operations_pb2.DeleteOperationRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> empty_pb2.Empty:
        """Forget an operation, and end it if it is not done."""
        queue, key = self._current.snapshot.queued_answers, own(current_call(), request.name)
        if not await queue.records.delete(key):
            raise operation_not_found(key.operation_id)
        await queue.wakeups.notify(ended(key.operation_id))
        return empty_pb2.Empty()


def own(call: Call, name: str) -> OperationKey:
    """Return the key of an operation that a caller names as its own.

    Raises:
        Rejection: INVALID_REQUEST for what is no name.
    """
    return OperationKey(call.caller.tenant, call.caller.subject, operation_id_of(name))


async def still_allowed(call: Call, current: CurrentSnapshot) -> None:
    """Check that a caller who has waited may still make the call.

    Raises:
        AccessDenied: when its credential no longer proves it, or its roles no longer allow the call.
    """
    call.caller = await caller_of(call, current.snapshot.access)
    check_role(call)


# protovalidate has no rules for the messages of google.longrunning.
def _listed(request: operations_pb2.ListOperationsRequest) -> Any:
    """Return the states that a list is of.

    Raises:
        Rejection: INVALID_REQUEST for a request outside its limits.
    """
    if request.name != COLLECTION:
        raise Rejection.invalid("name", f"must be {COLLECTION}", "operation.collection")
    if request.page_size < 0:
        raise Rejection.invalid("page_size", "must be at least 0", "int32.gte")
    if len(request.page_token) > _TOKEN_LIMIT:
        raise Rejection.invalid("page_token", f"must be at most {_TOKEN_LIMIT} characters", "string.max_len")
    if len(request.filter) > _FILTER_LIMIT:
        raise Rejection.invalid("filter", f"must be at most {_FILTER_LIMIT} characters", "string.max_len")
    if request.return_partial_success:
        raise Rejection.invalid("return_partial_success", "must be false: there is one collection", "bool.const")
    return states_of(request.filter)


def _wait_by(call: Call, request: operations_pb2.WaitOperationRequest) -> Deadline:
    """Return until when to wait: as the request says, and so that the reply arrives within the call's deadline.

    Raises:
        Rejection: INVALID_REQUEST for a time below 0.
    """
    seconds = request.timeout.ToNanoseconds() / 1e9 if request.HasField("timeout") else _LONGEST_WAIT
    if seconds < 0:
        raise Rejection.invalid("timeout", "must be at least 0", "duration.gte")
    by = Deadline(call.arrived + min(seconds, _LONGEST_WAIT))
    return by if call.deadline is None else min(by, call.deadline.reply_by(call.arrived))

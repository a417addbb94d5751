"""OperationService."""

from typing import Any

import grpc.aio

from groundwire.v1 import operation_service_pb2
from groundwire.v1.event_pb2 import Heartbeat
from groundwire.v1.operation_service_pb2_grpc import OperationServiceServicer
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.operation import Operation
from groundwire_server.domain.vocabulary import OperationState, Reason
from groundwire_server.edge.call import current_call
from groundwire_server.edge.convert.operation import (
    halted_to_pb,
    metadata_to_pb,
    operation_id_of,
    operation_to_pb,
    place_from_texts,
    place_to_texts,
)
from groundwire_server.edge.following import POLL_SECONDS, Following, operation_not_found
from groundwire_server.edge.paging import PageTokens, page_size
from groundwire_server.edge.servicers.operations import own, still_allowed
from groundwire_server.edge.sink import HEARTBEAT_SECONDS, write_bounded
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.operations import WORK


class OperationService(OperationServiceServicer):
    """Follows queued answers, and lets operators look after the queue."""

    def __init__(self, current: CurrentSnapshot, following: Following, clock: Clock) -> None:
        self._current = current
        self._following = following
        self._clock = clock

    async def WatchOperation(  # type: ignore[override]  # writes to the context; the stubs know generators only
        self,
        request: operation_service_pb2.WatchOperationRequest,
        context: "grpc.aio.ServicerContext[Any, operation_service_pb2.WatchOperationResponse]",
    ) -> None:
        """Write an operation as it is, and again whenever it changes, until it is done."""
        queue, call = self._current.snapshot.queued_answers, current_call()
        seconds = self._current.snapshot.write_seconds
        shown: Operation | None = None
        wrote = self._clock.now()
        async with self._following.follow(queue, own(call, request.name)) as followed:
            while True:
                operation = await followed.look()
                message = operation_service_pb2.WatchOperationResponse()
                if operation != shown:
                    # The stream may outlast the key, the token or the tenant that it was admitted with.
                    await still_allowed(call, self._current)
                    message.operation.CopyFrom(operation_to_pb(operation))
                elif self._clock.now() - wrote >= HEARTBEAT_SECONDS:
                    message.heartbeat.CopyFrom(Heartbeat())
                if message.WhichOneof("event") is not None:
                    await write_bounded(context, message, seconds)
                    wrote, shown = self._clock.now(), operation
                if operation.done:
                    return
                if self._following.ending:
                    raise Rejection(Reason.SHUTTING_DOWN)
                await followed.pause(POLL_SECONDS)

    async def ListHaltedOperations(
        self,
        request: operation_service_pb2.ListHaltedOperationsRequest,
        context: "grpc.aio.ServicerContext[Any, Any]",
    ) -> operation_service_pb2.ListHaltedOperationsResponse:
        """Return a page of operations whose attempts are used up."""
        queue, tenant = self._current.snapshot.queued_answers, current_call().caller.tenant
        tokens = PageTokens("halted operations", tenant)
        after, size = tokens.read(request.page_token, place_from_texts), page_size(request.page_size)
        found = await queue.records.page(tenant, None, (OperationState.HALTED,), after, size + 1)
        page, following = tokens.cut(found, size, lambda each: place_to_texts(each.place))
        return operation_service_pb2.ListHaltedOperationsResponse(
            operations=map(halted_to_pb, page),
            next_page_token=following,
        )

    async def RequeueOperation(
        self,
        request: operation_service_pb2.RequeueOperationRequest,
        context: "grpc.aio.ServicerContext[Any, Any]",
    ) -> operation_service_pb2.RequeueOperationResponse:
        """Give a halted operation as many attempts again."""
        queue, operation_id = self._current.snapshot.queued_answers, operation_id_of(request.name)
        operation = await queue.records.requeue(current_call().caller.tenant, operation_id)
        if operation is None:
            raise operation_not_found(operation_id)
        await queue.wakeups.notify(WORK)
        return operation_service_pb2.RequeueOperationResponse(metadata=metadata_to_pb(operation))

    async def GetQueue(
        self, request: operation_service_pb2.GetQueueRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> operation_service_pb2.GetQueueResponse:
        """Return how much there is of each state."""
        depth = await self._current.snapshot.queued_answers.records.depth(current_call().caller.tenant)
        response = operation_service_pb2.GetQueueResponse(
            queued=depth.counts.get(OperationState.QUEUED, 0),
            running=depth.counts.get(OperationState.RUNNING, 0),
            halted=depth.counts.get(OperationState.HALTED, 0),
        )
        if depth.oldest is not None:
            response.oldest_create_time.FromDatetime(depth.oldest)
        return response

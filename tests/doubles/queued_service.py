"""A groundwire server whose operations go on by a script."""

# ruff: noqa: N802 - gRPC names methods like the contract does

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import grpc
from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import add_OperationsServicer_to_server
from google.protobuf.empty_pb2 import Empty
from google.rpc import code_pb2, error_details_pb2, status_pb2

from groundwire.v1 import answer_service_pb2 as answers
from groundwire.v1 import operation_service_pb2 as operations
from groundwire.v1 import operation_service_pb2_grpc as operations_grpc
from groundwire.v1 import outcome_pb2, record_service_pb2, record_service_pb2_grpc
from groundwire.v1.erasure_pb2 import ErasedPlace, ErasedPlaceKind, ErasureReceipt
from groundwire.v1.event_pb2 import Heartbeat
from groundwire.v1.operation_pb2 import AnswerOperationMetadata
from tests.doubles.service import End, Failure, FakeService, Once, serving

NAME = f"operations/{'5b1e' * 8}"

State: TypeAlias = "operations_pb2.Operation | Failure | Once | End | Heartbeat"


def standing(state: str, *, position: int = 0, name: str = NAME, ticket: str = "") -> Any:
    """An operation that is not done."""
    operation = operations_pb2.Operation(name=name)
    metadata = AnswerOperationMetadata(
        state=AnswerOperationMetadata.State.Value(f"STATE_{state}"),
        position=position,
        request_id="order-4711",
        trace_id="ab" * 16,
        ticket=ticket,
    )
    metadata.poll_after.FromMilliseconds(1)
    operation.metadata.Pack(metadata)
    return operation


def answered(text: str = "So it is.") -> Any:
    """An operation that is done, with an answer."""
    operation = standing("DONE")
    operation.done = True
    outcome = outcome_pb2.Outcome(answered=outcome_pb2.Answered())
    outcome.answered.answer.text = text
    operation.response.Pack(answers.AnswerResponse(outcome=outcome))
    return operation


def ended(reason: str, code: int, said: str) -> Any:
    """An operation that is done, with an error."""
    operation = standing("DONE")
    operation.done = True
    operation.error.CopyFrom(status_pb2.Status(code=code, message=said))
    operation.error.details.add().Pack(error_details_pb2.ErrorInfo(reason=reason, domain="groundwire.io"))
    return operation


class QueuedService(FakeService):
    """Answers by a script, later too.

    Attributes:
        going: the states of the one operation: each read takes the next, and the last stays. A failure ends the call.
        listed: the operations of every list, in pages of `page_size`.
        receipt: of every erasure of records.
    """

    def __init__(self) -> None:
        super().__init__()
        self.going: list[State] = [standing("QUEUED")]
        self.listed: Sequence[Any] = ()
        place = ErasedPlace(kind=ErasedPlaceKind.ERASED_PLACE_KIND_OPERATIONS, count=2, complete=True)
        self.receipt = ErasureReceipt(erasure_id="e1", places=[place], content_hash="ab" * 32)

    def SubmitAnswer(self, request: answers.SubmitAnswerRequest, context: Any) -> Any:
        self._remember("SubmitAnswer", request, context)
        return self._next(context)

    def GetOperation(self, request: Any, context: Any) -> Any:
        self._remember("GetOperation", request, context)
        return self._next(context)

    def WaitOperation(self, request: Any, context: Any) -> Any:
        self._remember("WaitOperation", request, context)
        return self._next(context)

    def CancelOperation(self, request: Any, context: Any) -> Empty:
        self._remember("CancelOperation", request, context)
        return Empty()

    def DeleteOperation(self, request: Any, context: Any) -> Empty:
        self._remember("DeleteOperation", request, context)
        return Empty()

    def ListOperations(self, request: Any, context: Any) -> Any:
        self._remember("ListOperations", request, context)
        begin = int(request.page_token or 0)
        end = begin + request.page_size
        token = str(end) if end < len(self.listed) else ""
        return operations_pb2.ListOperationsResponse(operations=self.listed[begin:end], next_page_token=token)

    def WatchOperation(
        self, request: operations.WatchOperationRequest, context: Any
    ) -> Iterator[operations.WatchOperationResponse]:
        self._remember("WatchOperation", request, context)
        while self.going:
            state = self.going.pop(0)
            match state:
                case Failure():
                    self._fail(state, context)
                case Once() | End():
                    return
                case Heartbeat():
                    yield operations.WatchOperationResponse(heartbeat=state)
                case _:
                    yield operations.WatchOperationResponse(operation=state)

    def ListHaltedOperations(
        self, request: operations.ListHaltedOperationsRequest, context: Any
    ) -> operations.ListHaltedOperationsResponse:
        self._remember("ListHaltedOperations", request, context)
        begin = int(request.page_token or 0)
        end = begin + request.page_size
        page = [operations.HaltedOperation(name=each.name) for each in self.listed[begin:end]]
        token = str(end) if end < len(self.listed) else ""
        return operations.ListHaltedOperationsResponse(operations=page, next_page_token=token)

    def RequeueOperation(
        self, request: operations.RequeueOperationRequest, context: Any
    ) -> operations.RequeueOperationResponse:
        self._remember("RequeueOperation", request, context)
        return operations.RequeueOperationResponse(
            metadata=AnswerOperationMetadata(state=AnswerOperationMetadata.STATE_QUEUED)
        )

    def GetQueue(self, request: operations.GetQueueRequest, context: Any) -> operations.GetQueueResponse:
        self._remember("GetQueue", request, context)
        return operations.GetQueueResponse(queued=2, running=1, halted=3)

    def InvalidateAnswers(
        self, request: record_service_pb2.InvalidateAnswersRequest, context: Any
    ) -> record_service_pb2.InvalidateAnswersResponse:
        self._remember("InvalidateAnswers", request, context)
        return record_service_pb2.InvalidateAnswersResponse(count=4)

    def EraseRecords(
        self, request: record_service_pb2.EraseRecordsRequest, context: Any
    ) -> record_service_pb2.EraseRecordsResponse:
        self._remember("EraseRecords", request, context)
        return record_service_pb2.EraseRecordsResponse(receipt=self.receipt)

    def _next(self, context: Any) -> Any:
        state = self.going.pop(0) if len(self.going) > 1 else self.going[0]
        if isinstance(state, Failure):
            self._fail(state, context)
        return state

    def add_to(self, server: grpc.Server) -> None:
        """Add the services that only this server has."""
        add_OperationsServicer_to_server(self, server)
        service: Any = self
        operations_grpc.add_OperationServiceServicer_to_server(service, server)
        record_service_pb2_grpc.add_RecordServiceServicer_to_server(service, server)


@contextmanager
def serving_queued(service: QueuedService) -> Iterator[str]:
    """Serve on a free port of this machine and give its address."""
    with serving(service, also=service.add_to) as address:
        yield address


CANCELLED = ended("CANCELLED", code_pb2.CANCELLED, "The call was cancelled.")
EXPIRED = ended("OPERATION_EXPIRED", code_pb2.DEADLINE_EXCEEDED, "The answer was not written in time; submit it again.")

# Generated from clients/python/src/groundwire/_async/operations.py: change that, then `make generate`.
"""Questions that are answered later."""

import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any, Final, Self

import grpc
from google.longrunning import operations_pb2

from groundwire._sync.connection import Connection
from groundwire._threads.calls import sleep
from groundwire.errors import Error, ended_early, from_status
from groundwire.outcomes import Outcome, outcome_of, value_name
from groundwire.requests import NANOS, question_of, submit_request
from groundwire.v1.answer_service_pb2 import AnswerResponse, Webhook
from groundwire.v1.filter_pb2 import Filter
from groundwire.v1.operation_pb2 import AnswerOperationMetadata
from groundwire.v1.operation_service_pb2 import (
    GetQueueRequest,
    GetQueueResponse,
    HaltedOperation,
    ListHaltedOperationsRequest,
    RequeueOperationRequest,
    WatchOperationRequest,
)
from groundwire.v1.passage_pb2 import ProvidedPassage
from groundwire.v1.question_pb2 import Question

_SLICE: Final = 60.0
"""Seconds that one call waits: a longer wait is several, so that a connection that is lost in silence is noticed."""

_REPLY: Final = 10.0
"""Seconds that the reply of such a call may take beyond its wait."""

_LONGEST: Final = 400 * 86_400.0
"""Seconds: no operation lasts longer, with the time that a reviewer may take."""


class SyncAnswerOperation:
    """A question that is answered later, as the server last described it.

    Args:
        connection: to the server.
        name: the operation's: ``operations/`` and its id.
        message: what the server said of it; None where it was not asked yet.

    Attributes:
        name: as given; keep it to find the operation again with `SyncClient.operation`, from any process.
        message: the google.longrunning operation itself.
    """

    def __init__(self, connection: Connection, name: str, message: Any = None) -> None:
        self._connection = connection
        self.name = name
        self.message: Any = operations_pb2.Operation(name=name) if message is None else message

    @property
    def metadata(self) -> AnswerOperationMetadata:
        """Where it stands, with its attempts and times; empty before the server was asked."""
        found = AnswerOperationMetadata()
        self.message.metadata.Unpack(found)
        return found

    @property
    def state(self) -> str:
        """A name of `AnswerOperationMetadata.State` such as ``QUEUED``; ``UNSPECIFIED`` before the server was asked."""
        return value_name(AnswerOperationMetadata.State.DESCRIPTOR, self.metadata.state)

    @property
    def position(self) -> int:
        """How many questions are ahead while it waits."""
        return self.metadata.position

    @property
    def done(self) -> bool:
        """Whether it has ended, with an outcome or an error."""
        return bool(self.message.done)

    @property
    def outcome(self) -> Outcome | None:
        """How the question ended; None while it has not, and where the operation ended with an error."""
        response = AnswerResponse()
        return outcome_of(response.outcome) if self.message.response.Unpack(response) else None

    @property
    def error(self) -> Error | None:
        """Why there is no outcome although it is done: it was cancelled or expired, or its rights were withdrawn."""
        if not self.message.HasField("error"):
            return None
        metadata = self.metadata
        return from_status(self.message.error, metadata.request_id, metadata.trace_id)

    def refresh(self, *, timeout: float | None = None) -> Self:
        """Ask the server how it stands, and return the same operation."""
        request = operations_pb2.GetOperationRequest(name=self.name)
        self.message = self._connection.call(self._connection.operations.GetOperation, request, timeout)
        return self

    def wait(self, timeout: float | None = None) -> Outcome:
        """Wait until it is done and return the outcome.

        Args:
            timeout: seconds to wait; None waits until the operation ends, which it does when its time is up.

        Raises:
            Error: when it ended without an outcome, or the call fails.
            TimeoutError: when it is not done in time. It goes on: wait again, or cancel it.
        """
        until = time.monotonic() + (_LONGEST if timeout is None else timeout)
        while True:
            wait = min(max(0.0, until - time.monotonic()), _SLICE)
            request = operations_pb2.WaitOperationRequest(name=self.name)
            request.timeout.FromNanoseconds(round(wait * NANOS))
            began = time.monotonic()
            self.message = self._connection.call(self._connection.operations.WaitOperation, request, wait + _REPLY)
            if self.done:
                return self._result()
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError(self._unfinished())
            if time.monotonic() - began < wait / 2:
                # The server waits no more, for it shuts down.
                sleep(min(left, self.metadata.poll_after.ToNanoseconds() / NANOS))

    def watch(self, *, timeout: float | None = None) -> Generator[Self, None, None]:
        """Yield the operation as it is, and again whenever it has changed; the last time it is done.

        Args:
            timeout: seconds to follow it; None follows it until it ends.

        Raises:
            Error: when the call fails. It is made again where the connection was lost.
            TimeoutError: when it is not done in time.
        """
        attempts = self._connection.attempts(_LONGEST if timeout is None else timeout)
        shown = None
        while attempts.time_left:
            call = self._connection.operation_service.WatchOperation(
                WatchOperationRequest(name=self.name),
                timeout=min(attempts.time_left, _SLICE),
                metadata=self._connection.metadata(),
            )
            error = ended_early("")
            try:
                for event in call:
                    self._connection.answered()
                    attempts.progressed()
                    if event.HasField("operation") and event.operation != shown:
                        self.message = shown = event.operation
                        yield self
                if self.done:
                    attempts.succeeded()
                    return
            except grpc.RpcError as failed:
                error = self._connection.error(failed)
            finally:
                call.cancel()
            if error.code is grpc.StatusCode.DEADLINE_EXCEEDED:
                continue
            wait = attempts.wait_after(error)
            if wait is None:
                raise error
            sleep(wait)
        raise TimeoutError(self._unfinished())

    def cancel(self, *, timeout: float | None = None) -> None:
        """End it, and the work on it; nothing changes where it is done."""
        request = operations_pb2.CancelOperationRequest(name=self.name)
        self._connection.call(self._connection.operations.CancelOperation, request, timeout)

    def delete(self, *, timeout: float | None = None) -> None:
        """Have the server forget it, and end the work on it where it is not done."""
        request = operations_pb2.DeleteOperationRequest(name=self.name)
        method = self._connection.operations.DeleteOperation
        self._connection.call(method, request, timeout, repeatable=False)

    def __repr__(self) -> str:
        return f"<groundwire.{type(self).__name__} {self.name}, {self.state}>"

    def _unfinished(self) -> str:
        ahead = f", {self.position} ahead of it" if self.state == "QUEUED" else ""
        return f"{self.name} is not done: it is {self.state}{ahead}"

    def _result(self) -> Outcome:
        if self.outcome is None:
            raise self.error or ended_early(self.metadata.request_id)
        return self.outcome


class QueuedCalls:
    """Calls about questions that are answered later.

    Args:
        connection: to the server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def submit(
        self,
        question: str | Question,
        *,
        route: str = "",
        request_id: str = "",
        top_k: int | None = None,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        passages: Iterable[ProvidedPassage] | None = None,
        context: Mapping[str, str] | None = None,
        end_user_id: str = "",
        answer_within: float | None = None,
        webhook: str | Webhook | None = None,
        timeout: float | None = None,
    ) -> SyncAnswerOperation:
        """Hand in a question that is answered later, and return its operation: from then on no restart loses it.

        Args:
            question: the text, or a whole message where there is more to say than the keywords can.
            route: the named use; empty takes the server's default.
            request_id: makes the call idempotent; empty takes a new one when the client retries.
            top_k: the most passages to consider.
            filter: narrows the search by the documents' metadata.
            passages: your own passages, in place of a search.
            context: further values by name, such as `{"plan": "pro"}`; a model sees those that the route declares.
            end_user_id: a pseudonym of the person behind the call, for limits by end user and experiments.
            answer_within: seconds for which an answer is of use, 1 second to 7 days; None takes the server's.
            webhook: an https address that is told when it is done, or a message that has the answer sent along.
            timeout: seconds that the call may take.
        """
        asked = question_of(question, route, top_k, filter, passages, context=context, end_user_id=end_user_id)
        request = submit_request(asked, request_id, answer_within, webhook, self._connection.retry)
        message = self._connection.call(self._connection.answers.SubmitAnswer, request, timeout)
        return SyncAnswerOperation(self._connection, message.name, message)

    def operation(self, name: str) -> SyncAnswerOperation:
        """Return the operation of a name, such as that of an outcome that is `Queued`; the server is not asked yet."""
        return SyncAnswerOperation(self._connection, name)

    def operations(
        self,
        *,
        filter: str = "",  # noqa: A002  (the contract's word)
        page_size: int = 100,
        timeout: float | None = None,
    ) -> Iterator[SyncAnswerOperation]:
        """Yield the caller's operations without their outcomes, the oldest first, fetching page after page.

        Args:
            filter: by state: ``state = QUEUED OR state = RUNNING``, ``done = false``.
            page_size: how many to fetch at once, at most 1000.
            timeout: seconds that each page may take.
        """
        request = operations_pb2.ListOperationsRequest(name="operations", filter=filter, page_size=page_size)
        for page in self._connection.pages(self._connection.operations.ListOperations, request, timeout):
            for message in page.operations:
                yield SyncAnswerOperation(self._connection, message.name, message)

    def halted_operations(self, *, page_size: int = 100, timeout: float | None = None) -> Iterator[HaltedOperation]:
        """Yield the operations of the tenant whose attempts are used up, the oldest first: the role operator is needed.

        Args:
            page_size: how many to fetch at once, at most 1000.
            timeout: seconds that each page may take.
        """
        request = ListHaltedOperationsRequest(page_size=page_size)
        method = self._connection.operation_service.ListHaltedOperations
        for page in self._connection.pages(method, request, timeout):
            yield from page.operations

    def requeue_operation(self, name: str, *, timeout: float | None = None) -> AnswerOperationMetadata:
        """Give a halted operation as many attempts again, and return where it stands: the role operator is needed."""
        method = self._connection.operation_service.RequeueOperation
        response = self._connection.call(method, RequeueOperationRequest(name=name), timeout)
        return response.metadata

    def queue(self, *, timeout: float | None = None) -> GetQueueResponse:
        """Return how many questions of the tenant wait, run and are halted: the role operator is needed."""
        return self._connection.call(self._connection.operation_service.GetQueue, GetQueueRequest(), timeout)

"""A connection to a server: how its calls are made, retried and ended."""

import weakref
from collections.abc import AsyncIterator, Iterable
from typing import Protocol, TypeVar, cast

import grpc
import grpc.aio
from google.longrunning.operations_pb2_grpc import OperationsStub

from groundwire._aio.calls import Canceller, EventsCall, is_down, sleep
from groundwire.caller import Caller, Metadata, trace_metadata
from groundwire.channels import options
from groundwire.errors import Error, from_call
from groundwire.retrying import Attempts, Retry, RetryBudget
from groundwire.security import Credential
from groundwire.v1.answer_service_pb2 import CancelAnswerRequest
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire.v1.audit_service_pb2_grpc import AuditServiceStub
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub
from groundwire.v1.experiment_service_pb2_grpc import ExperimentServiceStub
from groundwire.v1.feedback_service_pb2_grpc import FeedbackServiceStub
from groundwire.v1.grounding_service_pb2_grpc import GroundingServiceStub
from groundwire.v1.limit_service_pb2_grpc import LimitServiceStub
from groundwire.v1.operation_service_pb2_grpc import OperationServiceStub
from groundwire.v1.prompt_service_pb2_grpc import PromptServiceStub
from groundwire.v1.record_service_pb2_grpc import RecordServiceStub
from groundwire.v1.recording_service_pb2_grpc import RecordingServiceStub
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub
from groundwire.v1.review_service_pb2_grpc import ReviewServiceStub
from groundwire.v1.route_service_pb2_grpc import RouteServiceStub
from groundwire.v1.server_info_service_pb2_grpc import ServerInfoServiceStub
from groundwire.v1.usage_service_pb2_grpc import UsageServiceStub

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")


class _AsksForPage(Protocol):
    page_token: str


class _HasNextPage(Protocol):
    next_page_token: str


_PageRequest = TypeVar("_PageRequest", bound=_AsksForPage)
_Page = TypeVar("_Page", bound=_HasNextPage)


class Leavable(Protocol):
    """A stream that goes on at the server until it is left."""

    def leave(self) -> None:
        """Stop it, without waiting."""


class Connection:
    """The channel of one client, and what all of its calls share.

    Args:
        server: the server's address, or a channel of the caller's own.
        caller: the identity that is sent.
        credential: what proves it.
        secure: what secures the connection; None for nothing.
        timeout: seconds for a call that names no timeout.
        retry: when a failed call is sent again; None for never.

    Attributes:
        retry: as given.
        answers: the calls of AnswerService.
        retrieval: the calls of RetrievalService.
        grounding: the calls of GroundingService.
        documents: the calls of DocumentService.
        routes: the calls of RouteService.
        server_info: the calls of ServerInfoService.
        limits: the calls of LimitService.
        feedback: the calls of FeedbackService.
        operations: the calls of google.longrunning.Operations.
        operation_service: the calls of OperationService.
        records: the calls of RecordService.
        reviews: the calls of ReviewService.
        usage: the calls of UsageService.
        audit: the calls of AuditService.
        recordings: the calls of RecordingService.
        prompts: the calls of PromptService.
        experiments: the calls of ExperimentService.

    Raises:
        ValueError: when a credential would go to another machine over a connection that is not secured.
    """

    def __init__(
        self,
        server: str | grpc.aio.Channel,
        caller: Caller,
        credential: Credential,
        secure: grpc.ChannelCredentials | None,
        timeout: float,
        retry: Retry | None,
    ) -> None:
        self.retry = retry
        self._caller = caller
        self._credential = credential
        self._timeout = timeout
        self._budget = RetryBudget()
        self._reached = False
        self._open: dict[int, weakref.ref[Leavable]] = {}
        self._secured = secure is not None
        self._owned: grpc.aio.Channel | None = None
        if isinstance(server, str):
            credential.check_connection(server, secured=self._secured)
            chosen = options(server)
            self._owned = (
                grpc.aio.insecure_channel(server, options=chosen)
                if secure is None
                else grpc.aio.secure_channel(server, secure, options=chosen)
            )
            self._server, self._channel = server, self._owned
        else:
            self._server, self._channel = "", server
        self.answers = AnswerServiceStub(self._channel)
        self.retrieval = RetrievalServiceStub(self._channel)
        self.grounding = GroundingServiceStub(self._channel)
        self.documents = DocumentServiceStub(self._channel)
        self.routes = RouteServiceStub(self._channel)
        self.server_info = ServerInfoServiceStub(self._channel)
        self.limits = LimitServiceStub(self._channel)
        self.feedback = FeedbackServiceStub(self._channel)
        self.operations = OperationsStub(self._channel)
        self.operation_service = OperationServiceStub(self._channel)
        self.records = RecordServiceStub(self._channel)
        self.reviews = ReviewServiceStub(self._channel)
        self.usage = UsageServiceStub(self._channel)
        self.audit = AuditServiceStub(self._channel)
        self.recordings = RecordingServiceStub(self._channel)
        self.prompts = PromptServiceStub(self._channel)
        self.experiments = ExperimentServiceStub(self._channel)
        self._canceller = Canceller(self.answers.CancelAnswer)

    def metadata(self) -> Metadata:
        """Return what goes with a call: the caller's identity, its credential and its trace."""
        return (*self._caller.metadata(), *self._credential.metadata(), *trace_metadata())

    def attempts(self, timeout: float | None, *, repeatable: bool = True) -> Attempts:
        """Return the attempts of a call, which share its timeout in seconds; None takes the client's.

        Args:
            timeout: seconds for all attempts together.
            repeatable: whether the call may be carried out twice.
        """
        time = self._timeout if timeout is None else timeout
        return Attempts(self.retry, self._budget, time, repeatable=repeatable)

    async def call(
        self,
        method: "grpc.aio.UnaryUnaryMultiCallable[_Request, _Response]",
        request: _Request,
        timeout: float | None,
        *,
        repeatable: bool = True,
    ) -> _Response:
        """Make a call, more than once where that is due, and return its response.

        Raises:
            Error: when it fails.
        """
        attempts = self.attempts(timeout, repeatable=repeatable)
        while True:
            try:
                response = await method(request, timeout=attempts.time_left, metadata=self.metadata())
            except grpc.RpcError as failed:
                error = self.error(failed)
                wait = attempts.wait_after(error)
                if wait is None:
                    raise error from None
                await sleep(wait)
            else:
                self.answered()
                attempts.succeeded()
                return response

    async def pages(
        self,
        method: "grpc.aio.UnaryUnaryMultiCallable[_PageRequest, _Page]",
        request: _PageRequest,
        timeout: float | None,
    ) -> AsyncIterator[_Page]:
        """Yield the pages of a list, from the one that the request asks for to the last.

        Args:
            method: returns a page.
            request: is changed to ask for the page after each.
            timeout: seconds that each page may take.

        Raises:
            Error: when a page fails.
        """
        while True:
            page = await self.call(method, request, timeout)
            yield page
            request.page_token = page.next_page_token
            if not request.page_token:
                return

    def answered(self) -> None:
        """Remember that a server has answered: what fails from now on is a connection lost."""
        self._reached = True

    def error(self, failed: grpc.RpcError) -> Error:
        """Return what a call that has raised has to say."""
        call = cast("grpc.Call", failed)  # every error that a call raises can be asked like the call
        return self.error_of(call.code(), call.details(), call.trailing_metadata())

    def error_of(
        self, code: grpc.StatusCode | None, details: str | None, trailers: Iterable[tuple[str, str | bytes]] | None
    ) -> Error:
        """Return what a call's status has to say."""
        if code is grpc.StatusCode.UNAVAILABLE and not self._reached:
            self._reached = not is_down(self._channel)
        return from_call(code, details, trailers, self._server, reached=self._reached)

    def begin(self, stream: Leavable) -> None:
        """Keep in mind a stream that begins, to be left when the client is closed."""
        self._canceller.prepare()
        self._open[id(stream)] = weakref.ref(stream)

    def end(self, stream: Leavable) -> None:
        """Forget a stream that has ended."""
        self._open.pop(id(stream), None)

    def cancel(self, call: "EventsCall | None", request_id: str, metadata: Metadata) -> None:
        """End a call that `begin` was told of in the background, and the answer of that id where there is one."""
        request = CancelAnswerRequest(request_id=request_id) if request_id else None
        self._canceller.cancel(call, request, metadata)

    def abandon(self, request_id: str) -> None:
        """End an answer whose call is over, in the background; without an id it has ended with its call."""
        if request_id:
            self._canceller.prepare()
            self.cancel(None, request_id, self.metadata())

    async def close(self) -> None:
        """Leave the open streams, and end the connection unless the channel is the caller's own."""
        for reference in list(self._open.values()):
            stream = reference()
            if stream is not None:
                stream.leave()
        await self._canceller.close()
        if self._owned is not None:
            await self._owned.close()

    def __str__(self) -> str:
        return ", ".join(
            (
                self._server or "on a channel of the caller's own",
                "secured" if self._secured else "not secured",
                f"tenant {self._caller.tenant!r}",
                self._credential.kind,
                f"{len(self._open)} streams open",
            )
        )

"""The calls of ReviewService that carry out what was decided in a ticketing system."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from groundwire.v1.grounding_pb2 import Verdict
from groundwire.v1.review_pb2 import Review
from groundwire.v1.review_service_pb2 import ClaimReviewRequest, EditReviewRequest, ReleaseReviewRequest
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.failure import GroundwireError
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.gateway.callback_request import CallbackRequest
from groundwire_server.edge.gateway.context import CONNECT, HttpContext
from groundwire_server.edge.gateway.exchange import HttpExchange
from groundwire_server.edge.gateway.http_call import HttpCall

SERVICE: Final = "groundwire.v1.ReviewService"
METHODS: Final = ("ClaimReview", "ReleaseReview", "ApproveReview", "EditReview", "RejectReview")

_CALL_SECONDS: Final = 30.0
_LEASE_SECONDS: Final = 60
_TRACE_KEYS: Final = ("traceparent", "tracestate")
_STATUS_KEY: Final = "grpc-status-details-bin"

_STATUSES: Final[Mapping[str, int]] = {
    Reason.REVIEW_NOT_FOUND: 404,
    Reason.REVIEW_CLAIMED: 409,
    Reason.REVIEW_NOT_CLAIMED: 409,
    Reason.REVIEW_DECIDED: 409,
    Reason.REVIEW_CHANGED: 409,
    Reason.REVIEW_NO_DRAFT: 409,
    Reason.REVIEW_TEXT_UNSUPPORTED: 422,
}
"""Statuses of HTTP for what the code of gRPC alone does not say."""

_BY_CODE: Final[Mapping[grpc.StatusCode, int]] = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}


class CallbackFailedError(GroundwireError):
    """A call of ReviewService that has failed.

    Attributes:
        code: of gRPC.
        reason: of its details; empty without one.
        message: says what to do.
        wait: seconds after which it may be sent again; None where nothing is said.
    """

    def __init__(self, context: HttpContext) -> None:
        self.code, self.message, trailers = context.status
        super().__init__(self.message)
        self.reason = ""
        self.wait: int | None = None
        for key, value in trailers:
            if key == _STATUS_KEY and isinstance(value, bytes):
                self._read(status_pb2.Status.FromString(value))

    @property
    def status(self) -> int:
        """The status of HTTP."""
        named = _STATUSES.get(self.reason)
        return named if named is not None else _BY_CODE.get(self.code, 500)

    def _read(self, status: status_pb2.Status) -> None:
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        for detail in status.details:
            if detail.Unpack(info):
                self.reason = info.reason
            elif detail.Unpack(retry):
                self.wait = retry.retry_delay.seconds + 1


class UnsupportedTextError(GroundwireError):
    """A text with sentences that the evidence does not support.

    Attributes:
        reason: of the contract.
        message: says what to do.
        sentences: each that may not leave, with its verdict.
    """

    def __init__(self, failed: CallbackFailedError, checked: Review) -> None:
        super().__init__(failed.message)
        self.reason, self.message = failed.reason, failed.message
        text, sentences = checked.decided.text, checked.decided.sentences
        self.sentences = [
            {
                "index": index,
                "text": text[sentences[index].span.start_code_point : sentences[index].span.end_code_point],
                "verdict": Verdict.Name(sentences[index].verdict).removeprefix("VERDICT_"),
            }
            for index in checked.below_minimum
            if index < len(sentences)
        ]


@dataclass(frozen=True, slots=True)
class CallbackDecision:
    """The calls of one callback, by one caller."""

    call: HttpCall
    handlers: Mapping[str, Any]
    identify: Callable[[], Caller]

    async def decide(self, asked: CallbackRequest) -> Review:
        """Claim a review and carry the decision out; return the review as decided.

        Raises:
            CallbackFailedError: when it cannot be.
            UnsupportedTextError: for an edited text.
        """
        lease = Duration(seconds=_LEASE_SECONDS)
        try:
            await self._call("ClaimReview", ClaimReviewRequest(ticket=asked.ticket, lease=lease))
        except CallbackFailedError as failed:
            # The same decision twice is no error: the second one says what was decided.
            if failed.reason != Reason.REVIEW_DECIDED:
                raise
        try:
            return await self._call(asked.method, asked.message)
        except CallbackFailedError as failed:
            await self._give_back(asked, failed)
            raise

    async def denied(self) -> None:
        """Let a call fail that nobody has proved, so that it is limited and recorded as all denials are.

        Raises:
            CallbackFailedError: always.
        """
        await self._call("ClaimReview", ClaimReviewRequest())

    async def _give_back(self, asked: CallbackRequest, failed: CallbackFailedError) -> None:
        """Let others take up what was claimed for a decision that cannot be; say what an edited text lacks.

        Raises:
            UnsupportedTextError: for an edited text.
        """
        if failed.reason == Reason.REVIEW_DECIDED:
            return
        checked: Review | None = None
        if failed.reason == Reason.REVIEW_TEXT_UNSUPPORTED and isinstance(asked.message, EditReviewRequest):
            asked.message.validate_only = True
            checked = await self._call(asked.method, asked.message)
        await self._call("ReleaseReview", ReleaseReviewRequest(ticket=asked.ticket))
        if checked is not None:
            raise UnsupportedTextError(failed, checked)

    async def _call(self, method: str, request: Message) -> Review:
        metadata = [(key, self.call.headers[key]) for key in _TRACE_KEYS if key in self.call.headers]
        deadline = asyncio.get_running_loop().time() + _CALL_SECONDS
        context = HttpContext(metadata, self.call.peer, {}, deadline, CONNECT, self.identify)
        exchange = self.call.exchange = HttpExchange(self.handlers[method], context)
        responses: list[Any] = []
        try:
            async with asyncio.timeout_at(deadline):
                if await exchange.begin():
                    await context.feed(request.SerializeToString(), last=True)
                    responses = [response async for response in exchange.responses()]
        except TimeoutError:
            await exchange.cancel(Reason.DEADLINE_EXCEEDED)
        await exchange.status()
        if not responses or context.status[0] is not grpc.StatusCode.OK:
            raise CallbackFailedError(context)
        review: Review = responses[0].review
        return review

"""The span of a call: its status, and which statuses are errors of the server."""

import asyncio
from contextlib import suppress
from typing import Any

import grpc
import pytest
from opentelemetry.trace import StatusCode

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.vocabulary import Cause, Reason
from groundwire_server.edge.call import Call
from groundwire_server.edge.interceptors.context import Tracing
from groundwire_server.edge.interceptors.errors import ErrorMapping
from tests.doubles.spans import Spans

METHOD = "groundwire.v1.AnswerService/Answer"


class Ends:
    """The part of gRPC's context that ends a call."""

    def set_code(self, code: grpc.StatusCode) -> None:
        pass

    def set_details(self, details: str) -> None:
        pass

    def set_trailing_metadata(self, metadata: object) -> None:
        pass


async def serve(
    spans: Spans, raised: BaseException | None, deadline: float | None = None
) -> tuple[StatusCode, dict[str, object]]:
    context: Any = Ends()
    now = asyncio.get_running_loop().time()
    call = Call(METHOD, context, None, {}, now, None if deadline is None else Deadline(now + deadline))

    async def handle() -> None:
        if raised is not None:
            raise raised

    async def mapped() -> None:
        await ErrorMapping().intercept(call, handle)

    with suppress(asyncio.CancelledError):
        await Tracing(spans.tracer).intercept(call, mapped)
    (span,) = spans.finished
    return span.status.status_code, dict(span.attributes or {})


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (Failure(Cause.STORE_UNAVAILABLE), "UNAVAILABLE"),
        (Failure(Cause.TIME_EXHAUSTED), "DEADLINE_EXCEEDED"),
        (Rejection(Reason.OVERLOADED), "UNAVAILABLE"),
        (Rejection(Reason.FEATURE_NOT_OFFERED), "UNIMPLEMENTED"),
        (ValueError("private"), "INTERNAL"),
    ],
)
async def test_an_error_of_the_server_is_one_of_its_span(raised: BaseException, status: str) -> None:
    spans = Spans()
    code, attributes = await serve(spans, raised)
    assert code is StatusCode.ERROR
    assert attributes["error.type"] == attributes["rpc.response.status_code"] == status
    assert attributes["groundwire.error_reason"]
    assert "private" not in spans.everything()


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (None, "OK"),
        (Rejection(Reason.INVALID_REQUEST), "INVALID_ARGUMENT"),
        (Rejection(Reason.UNAUTHENTICATED), "UNAUTHENTICATED"),
        (Rejection(Reason.FORBIDDEN), "PERMISSION_DENIED"),
        (Rejection(Reason.DOCUMENT_NOT_FOUND), "NOT_FOUND"),
        (Rejection(Reason.QUOTA_EXCEEDED), "RESOURCE_EXHAUSTED"),
        (Failure(Cause.STORE_MISCONFIGURED), "FAILED_PRECONDITION"),
        (asyncio.CancelledError(), "CANCELLED"),
    ],
)
async def test_the_other_statuses_are_their_callers(raised: BaseException | None, status: str) -> None:
    code, attributes = await serve(Spans(), raised)
    assert code is StatusCode.UNSET
    assert "error.type" not in attributes
    assert attributes["rpc.response.status_code"] == status


async def test_a_deadline_that_expired_is_an_error() -> None:
    code, attributes = await serve(Spans(), asyncio.CancelledError(), deadline=-1)
    assert (code, attributes["error.type"]) == (StatusCode.ERROR, "DEADLINE_EXCEEDED")

"""Calls as a client in any language would make them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import grpc.aio
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from groundwire.v1 import (
    answer_service_pb2,
    document_pb2,
    document_service_pb2,
    outcome_pb2,
    question_pb2,
    report_pb2,
    route_service_pb2,
)
from groundwire.v1.route_service_pb2_grpc import RouteServiceStub

if TYPE_CHECKING:
    from collections.abc import Sequence

    from groundwire.v1.answer_service_pb2_grpc import AnswerServiceAsyncStub
    from groundwire.v1.document_service_pb2_grpc import DocumentServiceAsyncStub

ACME = (("groundwire-tenant", "acme"), ("groundwire-subject", "alice"), ("groundwire-principals", "staff"))
SECONDS = 10.0


class Product(Protocol):
    """A server that can be called."""

    answers: AnswerServiceAsyncStub
    documents: DocumentServiceAsyncStub


class Reachable(Protocol):
    """A server with a channel to it."""

    channel: grpc.aio.Channel


def question(text: str = "What do lambda expressions create?", **fields: Any) -> question_pb2.Question:
    return question_pb2.Question(text=text, **fields)


async def answer(
    product: Product, asked: question_pb2.Question | None = None, *, seconds: float = SECONDS, **fields: Any
) -> outcome_pb2.Outcome:
    request = answer_service_pb2.AnswerRequest(question=asked or question(), **fields)
    response = await product.answers.Answer(request, metadata=ACME, timeout=seconds)
    return response.outcome


def used(outcome: outcome_pb2.Outcome) -> report_pb2.Usage:
    """What an outcome consumed by whatever model, for whatever purpose."""
    total = report_pb2.Usage()
    for usage in outcome.report.usage:
        total.input_tokens += usage.input_tokens
        total.cached_input_tokens += usage.cached_input_tokens
        total.output_tokens += usage.output_tokens
        total.cost_micros += usage.cost_micros
        total.estimated |= usage.estimated
        total.currency = usage.currency
    return total


async def stream(
    product: Product, asked: question_pb2.Question | None = None, *, seconds: float = SECONDS, **fields: Any
) -> list[answer_service_pb2.StreamAnswerResponse]:
    request = answer_service_pb2.StreamAnswerRequest(question=asked or question(), **fields)
    return [event async for event in product.answers.StreamAnswer(request, metadata=ACME, timeout=seconds)]


async def routes(
    product: Reachable, metadata: tuple[tuple[str, str], ...] = ACME, **fields: Any
) -> route_service_pb2.ListRoutesResponse:
    request = route_service_pb2.ListRoutesRequest(**fields)
    response: route_service_pb2.ListRoutesResponse = await RouteServiceStub(product.channel).ListRoutes(
        request, metadata=metadata, timeout=SECONDS
    )
    return response


async def ingest(
    product: Product,
    *documents: tuple[str, str] | document_pb2.Document,
    metadata: tuple[tuple[str, str], ...] = ACME,
) -> list[document_service_pb2.IngestDocumentsResponse]:
    call = product.documents.IngestDocuments(metadata=metadata, timeout=SECONDS)
    results = []
    for given in documents:
        document = open_document(*given) if isinstance(given, tuple) else given
        await call.write(document_service_pb2.IngestDocumentsRequest(document=document))
        result = await call.read()
        assert isinstance(result, document_service_pb2.IngestDocumentsResponse)
        results.append(result)
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    return results


def open_document(document_id: str, text: str) -> document_pb2.Document:
    """A document that everybody in the tenant may see."""
    return document_pb2.Document(document_id=document_id, text=text, allowed_principals=["*"])


def kept_text(events: Sequence[answer_service_pb2.StreamAnswerResponse]) -> str:
    """What a reader of the stream has at its end."""
    kept: list[tuple[int, str]] = []
    for event in events:
        if event.WhichOneof("event") == "text_delta":
            kept.append((event.sequence, event.text_delta.text))
        if event.WhichOneof("event") == "retraction":
            kept = [item for item in kept if item[0] < event.retraction.from_sequence]
    return "".join(text for _, text in kept)


def kinds(events: Sequence[answer_service_pb2.StreamAnswerResponse]) -> list[str | None]:
    return [event.WhichOneof("event") for event in events]


def info(error: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo:
    """The ErrorInfo that every failed call carries."""
    status = rpc_status.from_call(error)
    assert status is not None, error
    return info_of(status)


def info_of(status: status_pb2.Status) -> error_details_pb2.ErrorInfo:
    detail = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(detail)
    return detail


def fields(status: status_pb2.Status) -> dict[str, str]:
    """Every violated field with its description."""
    request = error_details_pb2.BadRequest()
    for detail in status.details:
        if detail.Unpack(request):
            return {item.field: item.description for item in request.field_violations}
    return {}

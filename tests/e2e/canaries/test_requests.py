"""No text of a request is seen anywhere but in its answer: a canary in every field of every RPC."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.trace import get_current_span

from groundwire.v1 import answer_service_pb2, document_service_pb2
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.call import current_call
from groundwire_server.edge.convert.question import question_from_answer
from groundwire_server.edge.servicers import answers
from tests.doubles.canaries import Canaries
from tests.e2e.calls import ACME, ingest, open_document, question
from tests.e2e.canaries.observed import Observed, Seen, observed
from tests.e2e.canaries.requests import Probe, fields_of_requests, fields_with, probes

NAMES = ("request_id", "document_id", "passage_id", "ticket", "Question.route", "Request.route")
"""Fields whose words may be seen: by them the decision event and the errors name what a call was about. Their forms are
bounded by the contract, and none of them is a text."""

_PAGED = ("ListDocumentsRequest", "ListQuarantinedDocumentsRequest", "ListRoutesRequest")
_NAMING = (
    *("GetDocumentRequest", "DeleteDocumentRequest"),
    *("GetQuarantinedDocumentRequest", "ReleaseDocumentRequest"),
)
LOOKED_UP = {
    *(f"groundwire.v1.{name}.page_token" for name in _PAGED),
    *(f"groundwire.v1.{name}.document_id" for name in _NAMING),
    *(f"groundwire.v1.{name}.route" for name in ("CheckGroundingRequest", "Question", "RetrieveRequest")),
    *(f"groundwire.v1.AppealBlockRequest.{name}" for name in ("request_id", "trace_id", "policy", "category")),
}
"""Fields that no canary is accepted in: they name what there must be."""


async def test_no_field_of_any_request_is_seen(tmp_path: Path) -> None:
    canaries, seen = Canaries(), Seen()
    accepted: set[str] = set()
    every_field = {
        "routes": {"default": {"models": ["extractive"], "store": "main", "allow_alpha": True}},
        "guards": {"words": {"kind": "patterns", "version": "1", "category": "words", "patterns": ["[a-z]+"]}},
        "ingest": {"screen": {"use": [{"guard": "words", "action": "FLAG"}]}},
    }
    async with observed(tmp_path, every_field, seen) as product:
        await ingest(product, open_document("lambdas", "Lambda expressions create anonymous functions."))
        for probe in probes(canaries):
            if await _sent(product, probe, canaries):
                accepted |= fields_with(probe.request)
            elif probe.method.feature is not None:
                # It is not offered, so that nothing is looked up in it.
                accepted |= fields_with(probe.request) - LOOKED_UP
    assert fields_of_requests() - accepted == LOOKED_UP
    assert len(seen.events) > 300
    assert seen.leaks(canaries, NAMES) == set()


async def _sent(product: Observed, probe: Probe, canaries: Canaries) -> bool:
    """Send a request with canaries in its metadata, too; return whether there was a response."""
    descriptor = probe.method.descriptor
    kind = "unary_stream" if descriptor.server_streaming else "unary_unary"
    make = getattr(product.channel, kind)(
        f"/{probe.method.name}",
        request_serializer=type(probe.request).SerializeToString,
        response_deserializer=GetMessageClass(descriptor.output_type).FromString,
    )
    metadata: list[tuple[str, str | bytes]] = [
        ("groundwire-tenant", "acme"),
        *((name, canaries.word(f"{probe.name}: {name}")) for name in ("groundwire-subject", "groundwire-principals")),
        ("groundwire-unknown", canaries.word(f"{probe.name}: unknown header")),
        ("groundwire-unknown-bin", canaries.word(f"{probe.name}: binary header").encode()),
        ("baggage", f"user={canaries.word(f'{probe.name}: baggage')}"),
    ]
    return bool(await product.call(make, probe.request, metadata))


async def test_no_reason_of_a_failed_call_shows_what_was_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canaries, seen = Canaries(), Seen()

    def fails(request: answer_service_pb2.AnswerRequest, request_id: str) -> object:
        raise ZeroDivisionError(request.question.text)

    def asked(place: str, **more: Any) -> answer_service_pb2.StreamAnswerRequest:
        return answer_service_pb2.StreamAnswerRequest(question=question(canaries.text(place)), **more)

    async with observed(tmp_path, {}, seen) as product:
        stream, put = product.answers.StreamAnswer, product.documents.PutDocument
        await product.call(stream, asked("one", request_id="request-0001"), ACME)
        await product.call(stream, asked("another", request_id="request-0001"), ACME)
        await product.call(stream, asked("a run", request_id="request-0002", after_sequence=1), ACME)
        await product.call(stream, asked("nobody"), ())
        document = open_document("lambdas", canaries.text("document"))
        changed = document_service_pb2.PutDocumentRequest(document=document, expected_revision=99)
        await product.call(put, changed, ACME)
        monkeypatch.setattr(answers, "question_from_answer", fails)
        broken = answer_service_pb2.AnswerRequest(question=question(canaries.text("a defect")))
        await product.call(product.answers.Answer, broken, ACME)
    reasons = {"REQUEST_ID_REUSED", "RUN_NOT_FOUND", "UNAUTHENTICATED", "REVISION_MISMATCH", "INTERNAL"}
    assert reasons <= {event.get("reason") for event in seen.events}
    assert seen.leaks(canaries) == set()


def _logs(text: str) -> None:
    logging.getLogger("groundwire_server").debug("asked: %s", quote(text))


def _traces(text: str) -> None:
    get_current_span().set_attribute("question", text.encode().hex())


def _rejects(text: str) -> None:
    raise Rejection(Reason.ROUTE_UNKNOWN, metadata={"question": text})


def _sends(text: str) -> None:
    current_call().context.set_trailing_metadata((("question-bin", text.encode()),))


@pytest.mark.parametrize("plant", [_logs, _traces, _rejects, _sends])
async def test_a_leak_that_is_planted_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plant: Callable[[str], None]
) -> None:
    canaries, seen = Canaries(), Seen()

    def leaking(request: answer_service_pb2.AnswerRequest, request_id: str) -> object:
        plant(request.question.text)
        return question_from_answer(request, request_id)

    monkeypatch.setattr(answers, "question_from_answer", leaking)
    async with observed(tmp_path, {}, seen) as product:
        asked = answer_service_pb2.AnswerRequest(question=question(canaries.text("question")))
        await product.call(product.answers.Answer, asked, ACME)
    assert seen.leaks(canaries) != set()

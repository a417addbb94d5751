"""What arrives at Weaviate of a call to the product: its time, its trace, its end."""

import asyncio
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind

from groundwire.v1 import answer_service_pb2, document_service_pb2, retrieval_service_pb2
from tests.e2e.calls import ACME, SECONDS, answer, ingest, question
from tests.e2e.weaviate.conftest import OverDouble

TEXT = "Lambda expressions create anonymous functions."
ROUNDED = 0.05
"""Seconds; on the wire a time is cut to few digits."""

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(autouse=True)
async def filled(over_double: OverDouble) -> None:
    await ingest(over_double.product, ("lambdas", TEXT))
    # The version of the corpus is known from here on for a while, so that a search is one call.
    await answer(over_double.product)
    over_double.world.calls.clear()
    over_double.world.arrived.clear()
    over_double.product.spans.clear()


class TestDeadlines:
    @pytest.mark.parametrize(("seconds", "most"), [(2.0, 0.5), (6.0, 1.5), (20.0, 2.0)])
    async def test_of_an_answer_leave_the_search_its_share(
        self, over_double: OverDouble, seconds: float, most: float
    ) -> None:
        await answer(over_double.product, seconds=seconds)
        searched, beside = (call.remaining for call in over_double.world.calls)
        assert searched is not None
        assert most / 2 < searched <= most + ROUNDED
        # What stands beside a passage is read in a share of its own.
        assert beside is not None
        assert beside <= min(seconds / 10, 0.5) + ROUNDED

    async def test_of_a_document_call_go_to_weaviate(self, over_double: OverDouble) -> None:
        documents = over_double.product.documents
        await ingest(over_double.product, ("other", "Parcels wait."))
        over_double.world.calls.clear()
        delete = document_service_pb2.DeleteDocumentRequest(document_id="other")
        await documents.DeleteDocument(delete, metadata=ACME, timeout=7.0)
        assert {"BatchObjects", "BatchDelete", "Search"} <= {call.method for call in over_double.world.calls}
        remaining = [call.remaining for call in over_double.world.calls]
        assert [left for left in remaining if left is None or left > 7.0 + ROUNDED] == []


class TestCancelling:
    @pytest.mark.parametrize("stream", [False, True], ids=["unary", "stream"])
    async def test_an_answer_ends_the_search_at_weaviate(self, over_double: OverDouble, stream: bool) -> None:
        over_double.world.delay = 60.0
        product = over_double.product
        call: Any
        if stream:
            asked = answer_service_pb2.StreamAnswerRequest(question=question())
            call = product.answers.StreamAnswer(asked, metadata=ACME, timeout=SECONDS)
            await call.read()
        else:
            whole = answer_service_pb2.AnswerRequest(question=question())
            call = product.answers.Answer(whole, metadata=ACME, timeout=SECONDS)
        await over_double.world.arrived.wait()
        call.cancel()
        await _cancelled(over_double)

    async def test_a_search_alone_too(self, over_double: OverDouble) -> None:
        over_double.world.delay = 60.0
        request = retrieval_service_pb2.RetrieveRequest(text="lambda expressions")
        call = over_double.product.retrieval.Retrieve(request, metadata=ACME, timeout=SECONDS)
        await over_double.world.arrived.wait()
        call.cancel()
        await _cancelled(over_double)


async def _cancelled(over_double: OverDouble) -> None:
    async with asyncio.timeout(5):
        while not over_double.world.cancelled:  # noqa: ASYNC110 - it happens in the server's own time
            await asyncio.sleep(0.001)
    assert over_double.product.generator.requests[1:] == []


class TestTraces:
    async def test_go_from_the_caller_to_weaviate(self, over_double: OverDouble) -> None:
        metadata = (*ACME, ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01"))
        request = answer_service_pb2.AnswerRequest(question=question())
        await over_double.product.answers.Answer(request, metadata=metadata, timeout=SECONDS)
        call, _ = over_double.world.calls
        client, _ = _clients(over_double)
        context = client.get_span_context()
        assert context is not None
        assert call.metadata["traceparent"] == f"00-{TRACE}-{context.span_id:016x}-01"

    async def test_have_a_client_span_below_the_stage(self, over_double: OverDouble) -> None:
        await answer(over_double.product)
        client, beside = _clients(over_double)
        assert (beside.attributes or {})["db.operation.name"] == "fetch_objects"
        by_id = {span.get_span_context().span_id: span for span in over_double.product.spans.finished}  # type: ignore[union-attr]
        assert client.parent is not None
        assert "retrieve" in by_id[client.parent.span_id].name.lower()
        attributes = dict(client.attributes or {})
        assert {key: attributes[key] for key in attributes if key.startswith(("db.", "gen_ai."))} == {
            "db.system.name": "weaviate",
            "db.collection.name": "Groundwire",
            "db.namespace": "acme",
            "db.operation.name": "search.hybrid",
            "db.response.returned_rows": 1,
            "gen_ai.operation.name": "retrieval",
            "gen_ai.data_source.id": "Groundwire",
        }
        assert 0 < float(str(attributes["groundwire.vector_similarity.best"])) <= 1.0

    async def test_hold_neither_text_nor_key(self, over_double: OverDouble) -> None:
        await answer(over_double.product)
        told = over_double.product.spans.everything()
        assert "anonymous" not in told
        assert "secret-key" not in told


def _clients(over_double: OverDouble) -> list[ReadableSpan]:
    return [span for span in over_double.product.spans.finished if span.kind is SpanKind.CLIENT]

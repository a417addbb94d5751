"""Reading across tenants and principals, tried through every RPC."""

import logging

import grpc
import pytest

from groundwire.v1 import answer_service_pb2, document_pb2, document_service_pb2, retrieval_service_pb2
from groundwire_server.telemetry import metrics
from tests.e2e.calls import ACME, SECONDS, answer, info, ingest, question
from tests.e2e.conftest import Product
from tests.e2e.methods import METHODS, Method
from tests.e2e.weaviate.conftest import OverDouble

PRIVATE = "Lambda expressions are what the board has agreed on in private."
TITLE = "A private title"
FOREIGN = (("groundwire-tenant", "globex"), ("groundwire-subject", "alice"), ("groundwire-principals", "staff"))
OUTSIDER = (("groundwire-tenant", "acme"), ("groundwire-subject", "mallory"), ("groundwire-principals", "visitors"))
NOBODY = (("groundwire-tenant", "acme"),)
INTRUDERS = {"another tenant": FOREIGN, "other principals": OUTSIDER, "no principals": NOBODY}


def private() -> document_pb2.Document:
    """What alice and the staff of acme may see."""
    return document_pb2.Document(document_id="lambdas", title=TITLE, text=PRIVATE, allowed_principals=["staff"])


async def is_still_there(product: Product) -> bool:
    asked = document_service_pb2.GetDocumentRequest(document_id="lambdas", include_text=True)
    return (await product.documents.GetDocument(asked, metadata=ACME, timeout=SECONDS)).text == PRIVATE


@pytest.mark.parametrize("method", METHODS, ids=[method.name.rpartition("/")[2] for method in METHODS])
@pytest.mark.parametrize("metadata", INTRUDERS.values(), ids=INTRUDERS)
async def test_no_call_tells_an_intruder_of_the_document(
    over_weaviate: Product, method: Method, metadata: tuple[tuple[str, str], ...]
) -> None:
    await ingest(over_weaviate, private())
    told = b""
    try:
        told = b"".join([each.SerializeToString() for each in await method.call(over_weaviate.channel, metadata)])
    except grpc.aio.AioRpcError as failed:
        told = f"{info(failed).reason}: {failed}".encode()
    assert told.startswith((b"DOCUMENT_NOT_FOUND", b"RUN_NOT_FOUND", b"FEATURE_NOT_OFFERED")) or b"Error" not in told
    for word in ("board has agreed", TITLE):
        assert word.encode() not in told
    assert await is_still_there(over_weaviate)
    outcome = await answer(over_weaviate)
    assert outcome.answered.answer.text == PRIVATE


@pytest.mark.parametrize("allowed", [[], ["board"]], ids=["nobody", "others"])
async def test_whoever_stores_a_document_sees_it_only_where_the_list_says_so(
    over_weaviate: Product, allowed: list[str]
) -> None:
    document = document_pb2.Document(document_id="lambdas", text=PRIVATE, allowed_principals=allowed)
    await ingest(over_weaviate, document)
    outcome = await answer(over_weaviate)
    assert outcome.WhichOneof("result") == "abstained"
    assert list(outcome.abstained.nearest) == []


async def test_a_narrowed_list_holds_for_the_next_search(over_weaviate: Product) -> None:
    everybody = document_pb2.Document(document_id="lambdas", text=PRIVATE, allowed_principals=["*"])
    await ingest(over_weaviate, everybody, private())
    request = retrieval_service_pb2.RetrieveRequest(text="lambda expressions")
    seen = await over_weaviate.retrieval.Retrieve(request, metadata=OUTSIDER, timeout=SECONDS)
    assert list(seen.passages) == []
    assert len((await over_weaviate.retrieval.Retrieve(request, metadata=ACME, timeout=SECONDS)).passages) == 1


async def test_tenants_keep_documents_of_one_id_apart(over_weaviate: Product) -> None:
    await ingest(over_weaviate, private())
    theirs = document_pb2.Document(document_id="lambdas", text="Lambda expressions are ours.", allowed_principals=["*"])
    await ingest(over_weaviate, theirs, metadata=FOREIGN)
    delete = document_service_pb2.DeleteDocumentRequest(document_id="lambdas")
    await over_weaviate.documents.DeleteDocument(delete, metadata=FOREIGN, timeout=SECONDS)
    assert await is_still_there(over_weaviate)


class TestAStoreThatErrs:
    """The ACL recheck: passages that come back are checked again, whatever the filter was meant to keep out."""

    @pytest.mark.parametrize("metadata", [OUTSIDER, NOBODY], ids=["other principals", "no principals"])
    async def test_shows_nothing_that_the_caller_may_not_see(
        self, over_double: OverDouble, caplog: pytest.LogCaptureFixture, metadata: tuple[tuple[str, str], ...]
    ) -> None:
        product = over_double.product
        await ingest(product, private(), ("open", "Lambda expressions are open to all."))
        over_double.world.admits_all = True
        caplog.clear()
        request = retrieval_service_pb2.RetrieveRequest(text="lambda expressions")
        found = await product.retrieval.Retrieve(request, metadata=metadata, timeout=SECONDS)
        assert [each.document_id for each in found.passages] == ["open"]
        (event,) = [record for record in caplog.records if record.name == "groundwire.security"]
        assert (event.levelno, vars(event)["tenant"], vars(event)["dropped"]) == (logging.ERROR, "acme", 1)
        assert "board" not in str(vars(event))
        assert product.counts.of(metrics.PASSAGES_DROPPED) == 1

    async def test_puts_nothing_of_it_into_a_prompt(self, over_double: OverDouble) -> None:
        product = over_double.product
        await ingest(product, private(), ("open", "Lambda expressions are open to all."))
        over_double.world.admits_all = True

        request = answer_service_pb2.AnswerRequest(question=question())
        await product.answers.Answer(request, metadata=OUTSIDER, timeout=SECONDS)
        (asked,) = product.generator.requests
        assert "board" not in repr(asked.prompt)
        assert [passage.document_id for passage in asked.prompt.handles.values()] == ["open"]

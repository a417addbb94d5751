"""Documents go in, are asked for, replaced, listed and deleted, over gRPC and over Pinecone's wire."""

import asyncio

import grpc
import pytest

from groundwire.v1 import cause_pb2, document_pb2, document_service_pb2, retrieval_service_pb2
from tests.doubles.pinecone.server import FakePinecone
from tests.e2e.calls import ACME, SECONDS, answer, info, ingest, open_document, question
from tests.e2e.conftest import Product

SENTENCE = "Lambda expressions create anonymous functions."
FOREIGN = (("groundwire-tenant", "globex"), ("groundwire-subject", "alice"), ("groundwire-principals", "staff"))
OUTSIDER = (("groundwire-tenant", "acme"), ("groundwire-subject", "mallory"), ("groundwire-principals", "visitors"))


async def filled(product: Product) -> None:
    await ingest(product, ("lambdas", SENTENCE), ("generators", "Generators yield values lazily."))


async def found(product: Product, text: str, metadata: tuple[tuple[str, str], ...] = ACME) -> list[str]:
    request = retrieval_service_pb2.RetrieveRequest(text=text)
    passages = (await product.retrieval.Retrieve(request, metadata=metadata, timeout=SECONDS)).passages
    return [passage.document_id for passage in passages]


async def test_a_question_is_answered_with_citations(over_pinecone: Product) -> None:
    await filled(over_pinecone)
    outcome = await answer(over_pinecone)
    assert outcome.answered.answer.text == SENTENCE
    (citation,) = outcome.answered.answer.citations
    assert (citation.document_id, citation.quote) == ("lambdas", SENTENCE)
    assert outcome.report.corpus_version not in {"", "empty"}


async def test_documents_are_listed_replaced_and_deleted(over_pinecone: Product) -> None:
    await filled(over_pinecone)
    documents = over_pinecone.documents
    first = document_service_pb2.ListDocumentsRequest(page_size=1)
    listed = await documents.ListDocuments(first, metadata=ACME, timeout=SECONDS)
    following = document_service_pb2.ListDocumentsRequest(page_token=listed.next_page_token)
    rest = await documents.ListDocuments(following, metadata=ACME, timeout=SECONDS)
    assert [each.document_id for each in (*listed.documents, *rest.documents)] == ["generators", "lambdas"]

    states = await ingest(over_pinecone, open_document("lambdas", SENTENCE), ("lambdas", "Parcels wait in the hall."))
    assert [(each.state, each.revision) for each in states] == [
        (document_pb2.INGEST_STATE_UNCHANGED, 1),
        (document_pb2.INGEST_STATE_UPDATED, 2),
    ]
    assert (await found(over_pinecone, "Where do parcels wait?"))[0] == "lambdas"

    delete = document_service_pb2.DeleteDocumentRequest(document_id="lambdas")
    await documents.DeleteDocument(delete, metadata=ACME, timeout=SECONDS)
    asked = document_service_pb2.GetDocumentRequest(document_id="lambdas")
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await documents.GetDocument(asked, metadata=ACME, timeout=SECONDS)
    assert info(failed.value).reason == "DOCUMENT_NOT_FOUND"
    assert "lambdas" not in await found(over_pinecone, "Where do parcels wait?")


async def test_an_access_list_holds_for_the_next_search(over_pinecone: Product) -> None:
    everybody = document_pb2.Document(document_id="lambdas", text=SENTENCE, allowed_principals=["*"])
    await ingest(over_pinecone, everybody)
    assert await found(over_pinecone, "lambda expressions", OUTSIDER) == ["lambdas"]
    await ingest(
        over_pinecone, document_pb2.Document(document_id="lambdas", text=SENTENCE, allowed_principals=["staff"])
    )
    for intruder in (OUTSIDER, FOREIGN):
        assert await found(over_pinecone, "lambda expressions", intruder) == []
    assert await found(over_pinecone, "lambda expressions") == ["lambdas"]


async def test_no_search_mixes_revisions_while_a_document_is_replaced(over_pinecone: Product) -> None:
    def revision(number: int) -> tuple[str, str]:
        body = " ".join(f"Parcels wait in hall {number}." for _ in range(40))
        return "post", "\n\n".join(f"Paragraph {part}. {body}" for part in range(4))

    await ingest(over_pinecone, revision(0))
    done = asyncio.Event()
    seen: set[int] = set()

    async def search() -> None:
        request = retrieval_service_pb2.RetrieveRequest(text="Where do parcels wait?")
        while not done.is_set():
            reply = await over_pinecone.retrieval.Retrieve(request, metadata=ACME, timeout=SECONDS)
            revisions = {passage.revision for passage in reply.passages}
            assert len(revisions) == 1
            seen.update(revisions)

    async def replace() -> None:
        for number in range(1, 7):
            await ingest(over_pinecone, revision(number))
        done.set()

    async with asyncio.TaskGroup() as tasks:
        for each in (search(), search(), replace()):
            tasks.create_task(each)
    assert len(seen) > 1


async def test_a_pinecone_that_is_away_is_an_outcome(over_pinecone: Product, double: FakePinecone) -> None:
    await filled(over_pinecone)
    async with double.away():
        outcome = await answer(over_pinecone, question("What do generators yield?"))
        assert outcome.cause == cause_pb2.CAUSE_STORE_UNAVAILABLE
    assert (await answer(over_pinecone)).answered.answer.text == SENTENCE

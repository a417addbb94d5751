"""Documents go in, are asked for, replaced and deleted, over gRPC and over Weaviate."""

import asyncio
from itertools import pairwise

import grpc
import pytest

from groundwire.v1 import (
    cause_pb2,
    document_pb2,
    document_service_pb2,
    passage_pb2,
    retrieval_service_pb2,
)
from tests.e2e.calls import ACME, SECONDS, answer, info, ingest, kept_text, kinds, open_document, question, stream
from tests.e2e.conftest import Product

SENTENCE = "Lambda expressions create anonymous functions."


async def filled(product: Product) -> None:
    await ingest(product, ("lambdas", SENTENCE), ("generators", "Generators yield values lazily."))


async def retrieve(
    product: Product, text: str = "What do lambda expressions create?", top_k: int = 5
) -> retrieval_service_pb2.RetrieveResponse:
    request = retrieval_service_pb2.RetrieveRequest(text=text, search=passage_pb2.Search(top_k=top_k))
    return await product.retrieval.Retrieve(request, metadata=ACME, timeout=SECONDS)


async def test_a_question_is_answered_with_citations(over_weaviate: Product) -> None:
    await filled(over_weaviate)
    outcome = await answer(over_weaviate)
    assert outcome.answered.answer.text == SENTENCE
    (citation,) = outcome.answered.answer.citations
    assert (citation.document_id, citation.quote) == ("lambdas", SENTENCE)
    assert outcome.report.corpus_version not in {"", "empty"}


async def test_a_stream_adds_up_to_the_answer(over_weaviate: Product) -> None:
    await filled(over_weaviate)
    events = await stream(over_weaviate)
    assert kinds(events)[:2] == ["started", "evidence"]
    assert kinds(events)[-1] == "outcome"
    assert kept_text(events) == SENTENCE == events[-1].outcome.answered.answer.text


async def test_passages_come_with_what_each_score_means(over_weaviate: Product) -> None:
    await filled(over_weaviate)
    best, *rest = (await retrieve(over_weaviate)).passages
    assert (best.document_id, best.text) == ("lambdas", SENTENCE)
    assert 0.5 < best.scores.vector_similarity <= 1.0
    assert best.scores.keyword > 0
    assert 0 < best.scores.fused <= 1
    assert all(first.scores.fused >= second.scores.fused for first, second in pairwise([best, *rest]))


async def test_documents_are_listed_got_and_deleted(over_weaviate: Product) -> None:
    await filled(over_weaviate)
    documents = over_weaviate.documents
    first = document_service_pb2.ListDocumentsRequest(page_size=1)
    listed = await documents.ListDocuments(first, metadata=ACME, timeout=SECONDS)
    rest = await documents.ListDocuments(
        document_service_pb2.ListDocumentsRequest(page_token=listed.next_page_token), metadata=ACME, timeout=SECONDS
    )
    assert [each.document_id for each in (*listed.documents, *rest.documents)] == ["generators", "lambdas"]
    asked = document_service_pb2.GetDocumentRequest(document_id="lambdas", include_text=True)
    got = await documents.GetDocument(asked, metadata=ACME, timeout=SECONDS)
    assert (got.text, got.document.revision, got.document.chunk_count) == (SENTENCE, 1, 1)

    version = (
        await documents.GetCorpusVersion(document_service_pb2.GetCorpusVersionRequest(), metadata=ACME)
    ).corpus_version
    delete = document_service_pb2.DeleteDocumentRequest(document_id="lambdas")
    deleted = await documents.DeleteDocument(delete, metadata=ACME, timeout=SECONDS)
    assert deleted.corpus_version != version
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await documents.GetDocument(asked, metadata=ACME, timeout=SECONDS)
    assert info(failed.value).reason == "DOCUMENT_NOT_FOUND"
    assert [each.document_id for each in (await retrieve(over_weaviate)).passages] in ([], ["generators"])


async def test_the_same_again_writes_nothing_and_a_change_is_a_revision(over_weaviate: Product) -> None:
    document = open_document("lambdas", SENTENCE)
    wider = document_pb2.Document(document_id="lambdas", text=SENTENCE, allowed_principals=["staff"])
    states = [(each.state, each.revision) for each in await ingest(over_weaviate, document, document, wider)]
    assert states == [
        (document_pb2.INGEST_STATE_CREATED, 1),
        (document_pb2.INGEST_STATE_UNCHANGED, 1),
        (document_pb2.INGEST_STATE_UPDATED, 2),
    ]


async def test_no_answer_mixes_revisions_while_documents_are_replaced(over_weaviate: Product) -> None:
    """Each revision's passages name it, so that one of another beside it is seen at once."""
    paragraphs = 8

    def revision(number: int) -> tuple[str, str]:
        # Each paragraph is long enough to be a passage of its own.
        body = " ".join(f"Parcels wait in hall {number}." for _ in range(40))
        return "post", "\n\n".join(f"Paragraph {part}. {body}" for part in range(paragraphs))

    await ingest(over_weaviate, revision(0))
    done = asyncio.Event()
    seen: set[int] = set()

    def halls(text: str) -> set[int]:
        return {int(word.split(".")[0]) for word in text.split("hall ")[1:]}

    async def search() -> None:
        while not done.is_set():
            passages = (await retrieve(over_weaviate, "Where do parcels wait?", paragraphs * 2)).passages
            found = {hall for passage in passages for hall in halls(passage.text)}
            assert len(found) <= 1
            assert len({passage.revision for passage in passages}) <= 1
            seen.update(found)

    async def ask() -> None:
        while not done.is_set():
            outcome = await answer(over_weaviate, question("Where do parcels wait?"))
            assert outcome.cause in {cause_pb2.CAUSE_ANSWER_VALIDATED, cause_pb2.CAUSE_NO_EVIDENCE}
            assert len(halls(outcome.answered.answer.text)) <= 1
            assert len({citation.chunk_id for citation in outcome.answered.answer.citations}) <= paragraphs

    async def replace() -> None:
        for number in range(1, 13):
            (result,) = await ingest(over_weaviate, revision(number))
            assert result.revision == number + 1
            assert result.chunk_count >= paragraphs
        done.set()

    async with asyncio.TaskGroup() as tasks:
        for each in (search(), search(), ask(), replace()):
            tasks.create_task(each)
    assert len(seen) > 1

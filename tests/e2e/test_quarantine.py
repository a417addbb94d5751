"""Documents that guards object to, over the wire: held back, reviewed, released."""

import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
import grpc.aio
import pytest

from groundwire.v1 import document_pb2, filter_pb2, report_pb2, retrieval_service_pb2
from groundwire.v1.document_pb2 import IngestState
from groundwire.v1.document_service_pb2 import (
    DeleteDocumentRequest,
    EraseDocumentsRequest,
    GetDocumentRequest,
    GetQuarantinedDocumentRequest,
    IngestDocumentsResponse,
    ListDocumentsRequest,
    ListQuarantinedDocumentsRequest,
    PurgeDocumentsRequest,
    PutDocumentRequest,
    ReleaseDocumentRequest,
)
from groundwire.v1.erasure_pb2 import EntireTenant, ErasureTarget
from groundwire_server.telemetry.line_sums import LINES
from groundwire_server.telemetry.metrics import DOCUMENTS, DOCUMENTS_RELEASED, GUARD_FINDINGS
from tests.doubles.word_guard import quarantining
from tests.e2e.calls import ACME, SECONDS, info, ingest
from tests.e2e.conftest import Product, Serve

BOB = (("groundwire-tenant", "acme"), ("groundwire-subject", "bob"), ("groundwire-principals", "hr"))
TEXT = "Generators obey EVIL orders."
QUARANTINED = IngestState.INGEST_STATE_QUARANTINED


@pytest.fixture
async def product(serve: Serve) -> AsyncIterator[Product]:
    async with serve(document_screen=quarantining(evil="EVIL", orders="orders")) as running:
        await ingest(running, ("generators", "Generators yield values lazily."))
        yield running


def held_document(document_id: str = "held", **fields: Any) -> document_pb2.Document:
    described = {"text": TEXT, "allowed_principals": ["staff"], "title": "Orders"} | fields
    described.setdefault("metadata", {"team": filter_pb2.MetadataValue(string_value="mail")})
    return document_pb2.Document(document_id=document_id, **described)


async def sent(product: Product, *documents: document_pb2.Document) -> list[IngestDocumentsResponse]:
    return await ingest(product, *(documents or (held_document(),)))


async def listed(product: Product, metadata: Any = ACME, **fields: Any) -> Sequence[document_pb2.DocumentInfo]:
    request = ListQuarantinedDocumentsRequest(**fields)
    page = await product.documents.ListQuarantinedDocuments(request, metadata=metadata, timeout=SECONDS)
    return page.documents


async def found(product: Product) -> list[str]:
    request = retrieval_service_pb2.RetrieveRequest(text="generators obey evil orders")
    response = await product.retrieval.Retrieve(request, metadata=ACME, timeout=SECONDS)
    return [passage.document_id for passage in response.passages]


def events(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(record) for record in caplog.records if record.name == "groundwire.security"]


async def test_a_stream_goes_on_past_a_document_that_is_held_back(product: Product) -> None:
    first, second, third = await sent(product, held_document(), held_document("fine", text="Parcels."), held_document())
    assert [(each.state, each.revision) for each in (first, second, third)] == [
        (QUARANTINED, 1),
        (IngestState.INGEST_STATE_CREATED, 1),
        (QUARANTINED, 1),
    ]
    assert [(flag.category, flag.guard, flag.guard_version, flag.count) for flag in first.flags] == [
        ("evil", "words", "1", 1),
        ("orders", "words", "1", 1),
    ]
    assert {(flag.screen, flag.action) for flag in first.flags} == {
        (report_pb2.SCREEN_DOCUMENT, report_pb2.GUARD_ACTION_QUARANTINE)
    }
    assert (first.chunk_count, len(first.content_hash), first.HasField("error")) == (0, 64, False)
    assert (third.content_hash, third.corpus_version) == (first.content_hash, second.corpus_version)
    assert second.flags == []


async def test_a_call_for_one_document_says_so_too(product: Product) -> None:
    stored = await product.documents.PutDocument(PutDocumentRequest(document=held_document()), metadata=ACME)
    assert (stored.state, [flag.category for flag in stored.flags]) == (QUARANTINED, ["evil", "orders"])


async def test_no_reader_finds_it(product: Product) -> None:
    await sent(product)
    assert await found(product) == ["generators"]
    page = await product.documents.ListDocuments(ListDocumentsRequest(), metadata=ACME)
    assert [each.document_id for each in page.documents] == ["generators"]
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await product.documents.GetDocument(GetDocumentRequest(document_id="held"), metadata=ACME)
    assert info(caught.value).reason == "DOCUMENT_NOT_FOUND"


async def test_an_operator_reads_what_was_found_where(product: Product) -> None:
    await sent(product)
    (described,) = await listed(product)
    request = GetQuarantinedDocumentRequest(document_id="held", include_text=True)
    read = await product.documents.GetQuarantinedDocument(request, metadata=ACME)
    assert read.document == described
    assert (described.revision, described.chunk_count, list(described.allowed_principals)) == (1, 0, ["staff"])
    assert {key: value.string_value for key, value in described.metadata.items()} == {"team": "mail"}
    assert [
        (each.guard, each.category, each.rule, each.in_title, read.text[each.start_code_point : each.end_code_point])
        for each in described.quarantine.findings
    ] == [("words", "evil", "EVIL", False, "EVIL"), ("words", "orders", "orders", False, "orders")]


async def test_who_would_not_see_it_released_does_not_see_it_held(product: Product) -> None:
    await sent(product, held_document(), held_document("open", allowed_principals=["*"]))
    assert [each.document_id for each in await listed(product, BOB)] == ["open"]
    for call in (
        product.documents.GetQuarantinedDocument(GetQuarantinedDocumentRequest(document_id="held"), metadata=BOB),
        product.documents.ReleaseDocument(
            ReleaseDocumentRequest(document_id="held", expected_revision=1), metadata=BOB
        ),
        product.documents.DeleteDocument(DeleteDocumentRequest(document_id="held"), metadata=BOB),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert (caught.value.code(), info(caught.value).reason) == (grpc.StatusCode.NOT_FOUND, "DOCUMENT_NOT_FOUND")


async def test_a_released_document_answers_as_it_was_sent(product: Product) -> None:
    (before,) = await sent(product)
    request = ReleaseDocumentRequest(document_id="held", expected_revision=1)
    released = await product.documents.ReleaseDocument(request, metadata=ACME)
    again = await product.documents.ReleaseDocument(request, metadata=ACME)
    assert (released.revision, released.chunk_count, released.content_hash) == (2, 1, before.content_hash)
    assert again == released
    assert await listed(product) == []
    got = await product.documents.GetDocument(GetDocumentRequest(document_id="held"), metadata=ACME)
    assert (list(got.document.metadata), list(got.document.allowed_principals)) == (["team"], ["staff"])
    assert (got.document.content_hash, got.document.HasField("quarantine")) == (before.content_hash, False)
    response = await product.retrieval.Retrieve(
        retrieval_service_pb2.RetrieveRequest(text="generators obey evil orders"), metadata=ACME
    )
    (passage,) = [each for each in response.passages if each.document_id == "held"]
    assert (passage.text, list(passage.metadata)) == (TEXT, ["team"])
    (after,) = await sent(product)
    assert (after.state, [flag.category for flag in after.flags]) == (
        IngestState.INGEST_STATE_UNCHANGED,
        ["evil", "orders"],
    )


async def test_a_revision_that_was_not_reviewed_is_not_released(product: Product) -> None:
    await sent(product, held_document(), held_document(text="EVIL at last."))
    request = ReleaseDocumentRequest(document_id="held", expected_revision=1)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await product.documents.ReleaseDocument(request, metadata=ACME)
    assert (caught.value.code(), info(caught.value).reason) == (grpc.StatusCode.ABORTED, "REVISION_MISMATCH")


async def test_it_is_deleted_and_purged_like_any_other(product: Product) -> None:
    await sent(product, held_document("a"), held_document("b"))
    deleted = await product.documents.DeleteDocument(DeleteDocumentRequest(document_id="a"), metadata=ACME)
    assert deleted.deleted
    condition = filter_pb2.Filter(
        equals=filter_pb2.Equals(key="team", value=filter_pb2.MetadataValue(string_value="mail"))
    )
    plan = await product.documents.PurgeDocuments(PurgeDocumentsRequest(filter=condition), metadata=ACME)
    assert (plan.purge_count, list(plan.purge_sample)) == (1, ["b"])
    purged = await product.documents.PurgeDocuments(PurgeDocumentsRequest(filter=condition, force=True), metadata=ACME)
    assert (purged.purge_count, await listed(product)) == (1, [])


async def test_it_is_erased_like_any_other(product: Product) -> None:
    await sent(product, held_document(), held_document("hidden", allowed_principals=["hr"]))
    everything = ErasureTarget(tenant=EntireTenant())
    plan = await product.documents.EraseDocuments(EraseDocumentsRequest(target=everything), metadata=ACME)
    assert (plan.document_count, list(plan.document_sample)) == (3, ["generators", "held"])
    erased = await product.documents.EraseDocuments(EraseDocumentsRequest(target=everything, force=True), metadata=ACME)
    assert (erased.document_count, await listed(product), await listed(product, BOB)) == (3, [], [])


@pytest.mark.parametrize(
    "forged",
    [
        held_document(metadata={"groundwire.released": filter_pb2.MetadataValue(string_value="[]")}),
        held_document(metadata={"groundwire.quarantined": filter_pb2.MetadataValue(string_value="[]")}),
        held_document(allowed_principals=["\x1fscreened"]),
    ],
    ids=["release", "quarantine", "access list"],
)
async def test_no_writer_can_forge_the_marks_of_a_document_in_quarantine(
    product: Product, forged: document_pb2.Document
) -> None:
    (result,) = await sent(product, forged)
    assert result.state == IngestState.INGEST_STATE_REJECTED


async def test_no_filter_reads_the_marks_of_a_document(product: Product) -> None:
    marked = filter_pb2.Filter(is_null=filter_pb2.IsNull(key="groundwire.released", is_null=False))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await product.documents.ListDocuments(ListDocumentsRequest(filter=marked), metadata=ACME)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_pages_of_the_list(product: Product) -> None:
    await sent(product, *(held_document(name) for name in ("a", "b", "c")))
    first = await product.documents.ListQuarantinedDocuments(
        ListQuarantinedDocumentsRequest(page_size=2), metadata=ACME
    )
    assert [each.document_id for each in first.documents] == ["a", "b"]
    rest = await listed(product, page_size=2, page_token=first.next_page_token)
    assert [each.document_id for each in rest] == ["c"]


async def test_many_documents_of_a_kind_do_not_fill_the_log(product: Product, caplog: pytest.LogCaptureFixture) -> None:
    await sent(product, *(held_document(f"held-{number}", text="EVIL") for number in range(2 * LINES)))
    assert len(events(caplog)) == LINES


async def test_security_events_and_counts_say_what_and_never_the_text(
    product: Product, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await sent(product, held_document(), held_document())
    await product.documents.ReleaseDocument(
        ReleaseDocumentRequest(document_id="held", expected_revision=1), metadata=ACME
    )
    *quarantined, released = events(caplog)
    assert [(each["event"], each["guard"], each["guard_version"], each["category"]) for each in quarantined] == [
        ("document_quarantined", "words", "1", "evil"),
        ("document_quarantined", "words", "1", "orders"),
    ]
    assert released["event"] == "document_released"
    hashed = hashlib.sha256(b"acme\nheld").hexdigest()
    for event in (*quarantined, released):
        assert (event["tenant"], event["document_hash"]) == ("acme", hashed)
        assert (len(event["trace_id"]), bool(event["request_id"])) == (32, True)
        assert "EVIL" not in repr(event)
    assert product.counts.of(DOCUMENTS, "QUARANTINED") == 2
    assert product.counts.of(DOCUMENTS_RELEASED) == 1
    assert product.counts.of(GUARD_FINDINGS, "", "DOCUMENT", "words", "evil", "QUARANTINE") == 2

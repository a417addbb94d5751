"""Documents are stored, listed, deleted and purged over gRPC, with either store behind."""

from collections.abc import AsyncIterator

import grpc
import pytest
from opentelemetry.trace import Tracer

from groundwire.v1 import document_pb2, document_service_pb2, filter_pb2
from groundwire_server.adapters.store.weaviate.options import VectorSource
from groundwire_server.app.parts.store import Store
from groundwire_server.corpus.checks import check_document
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import TEXT_LIMIT, Document
from groundwire_server.telemetry import metrics
from tests.contract.stores import opened_weaviate, weaviate_options
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.weaviate.server import FakeWeaviate
from tests.e2e.calls import ACME, SECONDS, fields, info, info_of, ingest, open_document
from tests.e2e.conftest import Product, Serve

Order = document_pb2.DocumentOrder
HR = (("groundwire-tenant", "acme"), ("groundwire-subject", "bob"), ("groundwire-principals", "hr"))


@pytest.fixture(params=["embedded", "weaviate"])
async def product(request: pytest.FixtureRequest, serve: Serve) -> AsyncIterator[Product]:
    """A server without documents."""
    if request.param == "embedded":
        async with serve() as running:
            yield running
        return
    probe = HashingEmbedder()
    async with FakeWeaviate() as double:
        vectors = VectorSource(probe.model, probe.dimensions)
        async with opened_weaviate(weaviate_options(double), vectors=vectors) as weaviate:

            def store(embedder: HashingEmbedder, _: Tracer) -> Store:
                return Store(weaviate.retriever, weaviate.corpus, embedder, weaviate.sentence_vectors)

            async with serve(store=store) as running:
                yield running


async def put(
    product: Product, document_id: str, text: str = "Lambdas.", expected: int | None = None, **metadata: str | bool
) -> document_service_pb2.PutDocumentResponse:
    document = open_document(document_id, text)
    for key, value in metadata.items():
        document.metadata[key].CopyFrom(_value(value))
    request = document_service_pb2.PutDocumentRequest(document=document, expected_revision=expected)
    return await product.documents.PutDocument(request, metadata=ACME, timeout=SECONDS)


async def listed(
    product: Product,
    page_size: int = 0,
    page_token: str = "",
    condition: filter_pb2.Filter | None = None,
    order: "Order.ValueType" = Order.DOCUMENT_ORDER_UNSPECIFIED,
    metadata: tuple[tuple[str, str], ...] = ACME,
) -> tuple[list[str], str]:
    """The ids on a page, and the token of the next."""
    request = document_service_pb2.ListDocumentsRequest(
        page_size=page_size, page_token=page_token, filter=condition, order=order
    )
    page = await product.documents.ListDocuments(request, metadata=metadata, timeout=SECONDS)
    return [document.document_id for document in page.documents], page.next_page_token


def equals(key: str, value: str | bool) -> filter_pb2.Filter:
    return filter_pb2.Filter(equals=filter_pb2.Equals(key=key, value=_value(value)))


def _value(value: str | bool) -> filter_pb2.MetadataValue:
    if isinstance(value, bool):
        return filter_pb2.MetadataValue(bool_value=value)
    return filter_pb2.MetadataValue(string_value=value)


class TestAnExpectedRevision:
    async def test_is_replaced_and_another_is_aborted(self, product: Product) -> None:
        first = await put(product, "faq", "One.", 0)
        assert (first.state, first.revision) == (document_pb2.INGEST_STATE_CREATED, 1)
        second = await put(product, "faq", "Two.", 1)
        assert (second.state, second.revision) == (document_pb2.INGEST_STATE_UPDATED, 2)
        for expected in (0, 1, 3):
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await put(product, "faq", "Three.", expected)
            assert failed.value.code() is grpc.StatusCode.ABORTED
            told = info(failed.value)
            assert told.reason == "REVISION_MISMATCH"
            assert dict(told.metadata) == {
                "document_id": "faq",
                "expected_revision": str(expected),
                "revision": "2",
            }
        assert (await put(product, "faq", "Two.", 0)).state == document_pb2.INGEST_STATE_UNCHANGED

    async def test_that_is_negative_is_invalid(self, product: Product) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await put(product, "faq", "One.", -1)
        assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT

    async def test_is_compared_for_each_document_of_an_ingest(self, product: Product) -> None:
        call = product.documents.IngestDocuments(metadata=ACME, timeout=SECONDS)
        results = []
        for text, expected in (("One.", 0), ("Two.", 0), ("Three.", 1)):
            document = open_document("faq", text)
            request = document_service_pb2.IngestDocumentsRequest(document=document, expected_revision=expected)
            await call.write(request)
            result = await call.read()
            assert isinstance(result, document_service_pb2.IngestDocumentsResponse)
            results.append(result)
        await call.done_writing()
        assert [(result.state, result.revision) for result in results] == [
            (document_pb2.INGEST_STATE_CREATED, 1),
            (document_pb2.INGEST_STATE_REJECTED, 0),
            (document_pb2.INGEST_STATE_UPDATED, 2),
        ]
        assert info_of(results[1].error).reason == "REVISION_MISMATCH"


class TestAList:
    @pytest.fixture(autouse=True)
    async def documents(self, product: Product) -> None:
        for name, team in (("b", "hr"), ("c", "it"), ("a", "hr"), ("d", "hr")):
            await put(product, name, team=team)
        hidden = document_pb2.Document(document_id="hidden", text="Lambdas.", allowed_principals=["hr"])
        hidden.metadata["team"].string_value = "hr"
        await ingest(product, hidden)

    @pytest.mark.parametrize(
        ("order", "everything", "of_hr"),
        [
            (Order.DOCUMENT_ORDER_UNSPECIFIED, "abcd", "abd"),
            (Order.DOCUMENT_ORDER_ID, "abcd", "abd"),
            (Order.DOCUMENT_ORDER_OLDEST, "bcad", "bad"),
            (Order.DOCUMENT_ORDER_NEWEST, "dacb", "dab"),
        ],
    )
    async def test_order_and_filter_hold_over_pages(
        self, product: Product, order: "Order.ValueType", everything: str, of_hr: str
    ) -> None:
        for condition, expected in ((None, everything), (equals("team", "hr"), of_hr)):
            found: list[str] = []
            token = ""
            while True:
                page, token = await listed(product, 2, token, condition, order)
                found += page
                if not token:
                    break
                assert len(page) == 2
            assert "".join(found) == expected

    async def test_a_token_is_of_its_filter_and_order(self, product: Product) -> None:
        of_hr, newest = equals("team", "hr"), Order.DOCUMENT_ORDER_NEWEST
        _, token = await listed(product, 1, "", of_hr, newest)
        unordered = Order.DOCUMENT_ORDER_UNSPECIFIED
        for condition, order in (
            (of_hr, unordered),
            (None, newest),
            (equals("team", "it"), newest),
            (of_hr, Order.DOCUMENT_ORDER_OLDEST),
            (None, unordered),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await listed(product, 1, token, condition, order)
            assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert info(failed.value).reason == "INVALID_REQUEST"
            assert "page_token" in (failed.value.details() or "")
        # Another size is the same list.
        page, _ = await listed(product, 5, token, of_hr, newest)
        assert page == ["a", "b"]

    async def test_a_page_size_above_the_largest_is_cut(self, product: Product) -> None:
        assert await listed(product, 2_000_000_000) == (["a", "b", "c", "d"], "")

    async def test_a_filter_that_is_too_deep_is_invalid(self, product: Product) -> None:
        deep = equals("team", "hr")
        for _ in range(8):
            deep = filter_pb2.Filter(negation=deep)
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await listed(product, condition=deep)
        assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT


class TestADelete:
    async def test_of_a_missing_document_succeeds_where_that_is_allowed(self, product: Product) -> None:
        await put(product, "faq")
        version = await product.documents.GetCorpusVersion(
            document_service_pb2.GetCorpusVersionRequest(), metadata=ACME, timeout=SECONDS
        )
        request = document_service_pb2.DeleteDocumentRequest(document_id="unknown")
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await product.documents.DeleteDocument(request, metadata=ACME, timeout=SECONDS)
        assert failed.value.code() is grpc.StatusCode.NOT_FOUND
        request.allow_missing = True
        reply = await product.documents.DeleteDocument(request, metadata=ACME, timeout=SECONDS)
        assert (reply.deleted, reply.corpus_version) == (False, version.corpus_version)

    async def test_says_that_there_was_one(self, product: Product) -> None:
        await put(product, "faq")
        request = document_service_pb2.DeleteDocumentRequest(document_id="faq", allow_missing=True)
        assert (await product.documents.DeleteDocument(request, metadata=ACME, timeout=SECONDS)).deleted
        assert product.counts.of(metrics.DOCUMENTS_DELETED) == 1
        assert not (await product.documents.DeleteDocument(request, metadata=ACME, timeout=SECONDS)).deleted

    async def test_leaves_what_the_caller_may_not_see(self, product: Product) -> None:
        await put(product, "faq")
        secret = document_pb2.Document(document_id="secret", text="Lambdas.", allowed_principals=["hr"])
        await ingest(product, secret)
        request = document_service_pb2.DeleteDocumentRequest(document_id="secret", allow_missing=True)
        assert not (await product.documents.DeleteDocument(request, metadata=ACME, timeout=SECONDS)).deleted
        assert await listed(product, metadata=HR) == (["faq", "secret"], "")


class TestAPurge:
    @pytest.fixture(autouse=True)
    async def documents(self, product: Product) -> None:
        for number in range(3):
            await put(product, f"draft-{number}", draft=True)
        await put(product, "final", draft=False)
        hidden = document_pb2.Document(document_id="hidden", text="Lambdas.", allowed_principals=["hr"])
        hidden.metadata["draft"].bool_value = True
        await ingest(product, hidden)

    async def purge(self, product: Product, **fields: bool) -> document_service_pb2.PurgeDocumentsResponse:
        request = document_service_pb2.PurgeDocumentsRequest(filter=equals("draft", value=True), **fields)
        return await product.documents.PurgeDocuments(request, metadata=ACME, timeout=SECONDS)

    async def test_without_force_says_what_would_go_and_changes_nothing(self, product: Product) -> None:
        for _ in range(2):
            plan = await self.purge(product)
            assert (plan.purge_count, plan.complete) == (3, False)
            assert list(plan.purge_sample) == ["draft-0", "draft-1", "draft-2"]
        assert await listed(product) == (["draft-0", "draft-1", "draft-2", "final"], "")

    async def test_with_force_removes_what_the_plan_said_and_the_caller_may_see(self, product: Product) -> None:
        plan = await self.purge(product)
        purged = await self.purge(product, force=True)
        assert (purged.purge_count, list(purged.purge_sample), purged.complete) == (3, [], True)
        assert purged.corpus_version != plan.corpus_version
        assert await listed(product) == (["final"], "")
        assert await listed(product, metadata=HR) == (["final", "hidden"], "")
        again = await self.purge(product, force=True)
        assert (again.purge_count, again.complete) == (0, True)
        assert again.corpus_version == purged.corpus_version

    async def test_needs_a_filter(self, product: Product) -> None:
        request = document_service_pb2.PurgeDocumentsRequest(force=True)
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await product.documents.PurgeDocuments(request, metadata=ACME, timeout=SECONDS)
        assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_largest_document_is_read_back_by_a_client_with_default_limits(product: Product) -> None:
    document = Document(
        "x" * 256,
        "é" * (TEXT_LIMIT // 2),
        "🙂" * 512,
        "🙂" * 2048,
        # As many lists of as many short items as the limits allow.
        {f"k{number:02}": ("x",) * 64 for number in range(63)} | {"rest": ("y" * 512,) * 23},
        frozenset(f"{number:0256}" for number in range(255)) | {"staff"},
    )
    check_document(document)
    alice = Caller("acme", "alice", frozenset({"staff"}))
    await product.current.snapshot.corpus.put(alice, document, "0" * 64, [], NEVER)
    request = document_service_pb2.GetDocumentRequest(document_id=document.document_id, include_text=True)
    found = await product.documents.GetDocument(request, metadata=ACME, timeout=SECONDS)
    assert found.text == document.text
    assert 4_000_000 < found.ByteSize() < 4 * 1024 * 1024


@pytest.mark.parametrize("letter", ["x", "é"])
async def test_a_text_above_the_limit_is_refused(product: Product, letter: str) -> None:
    text = letter * (TEXT_LIMIT // len(letter.encode())) + "x"
    (result,) = await ingest(product, open_document("large", text))
    assert result.state == document_pb2.INGEST_STATE_REJECTED
    assert fields(result.error) == {"document.text": "must be at most 3900000 bytes"}

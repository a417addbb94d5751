"""What callers get wrong: one table, each row with its status and every field named; then the server goes on."""

from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from grpc_status import rpc_status

from groundwire.v1 import answer_service_pb2, document_pb2, document_service_pb2, filter_pb2, passage_pb2, question_pb2
from groundwire.v1 import retrieval_service_pb2 as retrieval
from tests.e2e.calls import ACME, answer, fields, info, info_of, ingest, question, stream
from tests.e2e.conftest import Product

INVALID = grpc.StatusCode.INVALID_ARGUMENT
NOT_FOUND = grpc.StatusCode.NOT_FOUND
MIB = 1024 * 1024


def _search(**search: Any) -> question_pb2.Question:
    return question(search=passage_pb2.Search(**search))


def _filter(condition: filter_pb2.Filter) -> question_pb2.Question:
    return _search(filter=condition)


def _nested(levels: int) -> filter_pb2.Filter:
    condition = filter_pb2.Filter(is_null=filter_pb2.IsNull(key="k"))
    for _ in range(levels):
        condition = filter_pb2.Filter(negation=condition)
    return condition


def _provided(*ids: str, text: str = "text") -> question_pb2.Question:
    passages = [passage_pb2.ProvidedPassage(passage_id=name, text=text) for name in ids]
    return question(provided=passage_pb2.ProvidedPassages(passages=passages))


QUESTIONS = [
    ("empty", question(""), INVALID, {"question.text": "at least 1"}),
    ("blank", question(" \n\t "), INVALID, {"question.text": "more than white space"}),
    ("control characters only", question("\x00\x01\x1b"), INVALID, {"question.text": "more than white space"}),
    ("over the contract's limit", question("x" * 4097), INVALID, {"question.text": "at most 4096"}),
    ("over the route's limit", question("x" * 2001), INVALID, {"question.text": "at most 2000 code points"}),
    ("malformed route", question(route="No Such!"), INVALID, {"question.route": "pattern"}),
    ("top_k 0", _search(top_k=0), INVALID, {"question.search.top_k": "greater than or equal to 1"}),
    ("top_k negative", _search(top_k=-5), INVALID, {"question.search.top_k": "greater than or equal to 1"}),
    ("top_k huge", _search(top_k=2**31 - 1), INVALID, {"question.search.top_k": "less than or equal to 64"}),
    (
        "filter without a condition",
        _filter(filter_pb2.Filter()),
        INVALID,
        {"question.search.filter.condition": "required"},
    ),
    (
        "filter with a bad key and no value",
        _filter(filter_pb2.Filter(equals=filter_pb2.Equals(key="a b"))),
        INVALID,
        {"question.search.filter.equals.key": "pattern", "question.search.filter.equals.value": "required"},
    ),
    (
        "range without a bound",
        _filter(filter_pb2.Filter(range=filter_pb2.Range(key="k"))),
        INVALID,
        {"question.search.filter.range": "at least one of"},
    ),
    ("filter too deep", _filter(_nested(8)), INVALID, {"question.search.filter": "8 levels"}),
    ("no passages provided", _provided(), INVALID, {"question.provided.passages": "at least 1"}),
    ("one passage twice", _provided("a", "a"), INVALID, {"question.provided.passages": "unique"}),
    ("passage without text", _provided("a", text=""), INVALID, {"question.provided.passages[0].text": "at least 1"}),
    (
        "several at once",
        question("", route="!", end_user_id="x" * 257),
        INVALID,
        {"question.text": "at least 1", "question.route": "pattern", "question.end_user_id": "at most 256"},
    ),
]


@pytest.mark.parametrize(("asked", "code", "named"), [row[1:] for row in QUESTIONS], ids=[row[0] for row in QUESTIONS])
@pytest.mark.parametrize("streamed", [False, True], ids=["unary", "streamed"])
async def test_a_bad_question_is_refused_with_every_field(
    product: Product, asked: question_pb2.Question, code: grpc.StatusCode, named: dict[str, str], streamed: bool
) -> None:
    ask = stream if streamed else answer
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await ask(product, asked)
    assert caught.value.code() is code
    assert info(caught.value).reason == "INVALID_REQUEST"
    status = rpc_status.from_call(caught.value)
    assert status is not None
    found = fields(status)
    assert found.keys() == named.keys()
    for field, text in named.items():
        assert text in found[field]
    assert not product.generator.requests
    assert (await answer(product)).WhichOneof("result") == "answered"


VALID = [
    ("not NFC", "What do lambda expre\u0301ssions create?"),
    ("right to left", "\u05de\u05d4 \u05d9\u05d5\u05e6\u05e8\u05d9\u05dd lambda expressions?"),
    ("emoji", "lambda \U0001f468\u200d\U0001f469\u200d\U0001f467 expressions \U0001f984?"),
    ("one very long word", "x" * 2000),
    ("operators of the keyword index", 'lambda" OR (NEAR * AND -expressions:^'),
]


@pytest.mark.parametrize("text", [row[1] for row in VALID], ids=[row[0] for row in VALID])
async def test_an_unusual_question_is_valid(product: Product, text: str) -> None:
    outcome = await answer(product, question(text))
    assert outcome.WhichOneof("result") in {"answered", "abstained"}


def _document(document_id: str = "new", text: str = "Some text.", **more: Any) -> document_pb2.Document:
    return document_pb2.Document(document_id=document_id, text=text, allowed_principals=["*"], **more)


DOCUMENTS = [
    ("no id", _document(""), {"document.document_id": "pattern"}),
    ("id with a space", _document("a b"), {"document.document_id": "pattern"}),
    ("no text", _document(text=""), {"document.text": "at least 1"}),
    ("blank text", _document(text=" \n\t"), {"document.text": "more than white space"}),
    ("5 MB of text", _document(text="x" * 5_000_000), {"document.text": "at most 4194304"}),
    ("title too long", _document(title="x" * 513), {"document.title": "at most 512"}),
    (
        "bad metadata key",
        _document(metadata={"a b": filter_pb2.MetadataValue(bool_value=True)}),
        {"document.metadata[a b]": "pattern"},
    ),
    (
        "metadata without a value",
        _document(metadata={"k": filter_pb2.MetadataValue()}),
        {"document.metadata[k].kind": "required"},
    ),
]


@pytest.mark.parametrize(("document", "named"), [row[1:] for row in DOCUMENTS], ids=[row[0] for row in DOCUMENTS])
async def test_a_bad_document_has_a_result_of_its_own(
    product: Product, document: document_pb2.Document, named: dict[str, str]
) -> None:
    before, rejected, after = await ingest(product, _document("before"), document, _document("after"))
    assert before.state == after.state == document_pb2.INGEST_STATE_CREATED
    assert rejected.state == document_pb2.INGEST_STATE_REJECTED
    assert (rejected.index, rejected.revision, rejected.chunk_count) == (1, 0, 0)
    assert info_of(rejected.error).reason == "INVALID_REQUEST"
    found = fields(rejected.error)
    assert found.keys() == named.keys()
    for field, text in named.items():
        assert text in found[field]
    listed = await product.documents.ListDocuments(document_service_pb2.ListDocumentsRequest(), metadata=ACME)
    assert [item.document_id for item in listed.documents] == ["after", "before", "generators", "lambdas"]


async def test_the_same_id_twice_in_one_ingest_is_two_revisions(product: Product) -> None:
    results = await ingest(product, ("twice", "First text."), ("twice", "Second text."), ("twice", "Second text."))
    assert [document_pb2.IngestState.Name(result.state) for result in results] == [
        "INGEST_STATE_CREATED",
        "INGEST_STATE_UPDATED",
        "INGEST_STATE_UNCHANGED",
    ]
    assert [result.revision for result in results] == [1, 2, 2]
    assert results[1].corpus_version == results[2].corpus_version != results[0].corpus_version


async def test_an_ingest_that_breaks_off_keeps_what_was_answered(product: Product) -> None:
    call = product.documents.IngestDocuments(metadata=ACME, timeout=10)
    await call.write(document_service_pb2.IngestDocumentsRequest(document=_document("kept")))
    kept = await call.read()
    assert isinstance(kept, document_service_pb2.IngestDocumentsResponse)
    assert kept.state == document_pb2.INGEST_STATE_CREATED
    await call.write(document_service_pb2.IngestDocumentsRequest(document=_document("lost")))
    call.cancel()
    get = document_service_pb2.GetDocumentRequest(document_id="kept", include_text=True)
    assert (await product.documents.GetDocument(get, metadata=ACME)).text == "Some text."
    assert (await answer(product)).WhichOneof("result") == "answered"


async def test_a_message_over_the_limit_is_refused_and_names_it(product: Product) -> None:
    request = answer_service_pb2.AnswerRequest(question=question("x" * (17 * MIB)))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await product.answers.Answer(request, metadata=ACME, timeout=10)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert str(16 * MIB) in (caught.value.details() or "")
    assert (await answer(product)).WhichOneof("result") == "answered"


async def _unknown_route(product: Product) -> None:
    await answer(product, question(route="suport"))


async def _unknown_route_of_a_search(product: Product) -> None:
    request = retrieval.RetrieveRequest(text="x", route="suport")
    await product.retrieval.Retrieve(request, metadata=ACME)


async def _unknown_document(product: Product) -> None:
    await product.documents.GetDocument(document_service_pb2.GetDocumentRequest(document_id="nope"), metadata=ACME)


async def _another_tenants_document(product: Product) -> None:
    other = (("groundwire-tenant", "other"), ("groundwire-principals", "staff"))
    await product.documents.GetDocument(document_service_pb2.GetDocumentRequest(document_id="lambdas"), metadata=other)


async def _deleting_another_tenants_document(product: Product) -> None:
    other = (("groundwire-tenant", "other"), ("groundwire-principals", "staff"))
    request = document_service_pb2.DeleteDocumentRequest(document_id="lambdas")
    await product.documents.DeleteDocument(request, metadata=other)


async def _document_of_other_principals(product: Product) -> None:
    secret = document_pb2.Document(document_id="secret", text="Secret text.", allowed_principals=["board"])
    await ingest(product, secret)
    await product.documents.GetDocument(document_service_pb2.GetDocumentRequest(document_id="secret"), metadata=ACME)


async def _forged_page_token(product: Product) -> None:
    request = document_service_pb2.ListDocumentsRequest(page_token="not a token")
    await product.documents.ListDocuments(request, metadata=ACME)


async def _huge_page(product: Product) -> None:
    request = document_service_pb2.ListDocumentsRequest(page_size=1001)
    await product.documents.ListDocuments(request, metadata=ACME)


async def _blank_search(product: Product) -> None:
    await product.retrieval.Retrieve(retrieval.RetrieveRequest(text=" \t"), metadata=ACME)


async def _nobody(product: Product) -> None:
    await product.answers.Answer(answer_service_pb2.AnswerRequest(question=question()))


async def _two_tenants(product: Product) -> None:
    metadata = (*ACME, ("groundwire-tenant", "other"))
    await product.answers.Answer(answer_service_pb2.AnswerRequest(question=question()), metadata=metadata)


async def _malformed_request_id(product: Product) -> None:
    await answer(product, request_id="short")


async def _resumption(product: Product) -> None:
    request = answer_service_pb2.StreamAnswerRequest(question=question(), resume_window=Duration(seconds=10))
    await product.answers.StreamAnswer(request, metadata=ACME).read()


async def _resumption_too_long(product: Product) -> None:
    request = answer_service_pb2.StreamAnswerRequest(question=question(), resume_window=Duration(seconds=301))
    await product.answers.StreamAnswer(request, metadata=ACME).read()


async def _resuming(product: Product) -> None:
    request = answer_service_pb2.StreamAnswerRequest(question=question(), after_sequence=3)
    await product.answers.StreamAnswer(request, metadata=ACME).read()


@pytest.mark.parametrize(
    ("call", "code", "reason"),
    [
        (_unknown_route, NOT_FOUND, "ROUTE_UNKNOWN"),
        (_unknown_route_of_a_search, NOT_FOUND, "ROUTE_UNKNOWN"),
        (_unknown_document, NOT_FOUND, "DOCUMENT_NOT_FOUND"),
        (_another_tenants_document, NOT_FOUND, "DOCUMENT_NOT_FOUND"),
        (_deleting_another_tenants_document, NOT_FOUND, "DOCUMENT_NOT_FOUND"),
        (_document_of_other_principals, NOT_FOUND, "DOCUMENT_NOT_FOUND"),
        (_forged_page_token, INVALID, "INVALID_REQUEST"),
        (_huge_page, INVALID, "INVALID_REQUEST"),
        (_blank_search, INVALID, "INVALID_REQUEST"),
        (_malformed_request_id, INVALID, "INVALID_REQUEST"),
        (_resumption_too_long, INVALID, "INVALID_REQUEST"),
        (_nobody, grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED"),
        (_two_tenants, grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED"),
        (_resumption, grpc.StatusCode.UNIMPLEMENTED, "FEATURE_NOT_OFFERED"),
        (_resuming, grpc.StatusCode.UNIMPLEMENTED, "FEATURE_NOT_OFFERED"),
    ],
)
async def test_any_other_bad_call_has_its_status_and_reason(
    product: Product, call: Any, code: grpc.StatusCode, reason: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(product)
    assert caught.value.code() is code
    assert info(caught.value).reason == reason
    trailers = dict(list(caught.value.trailing_metadata() or ()))
    assert len(str(trailers["groundwire-trace-id"])) == 32
    assert trailers["groundwire-request-id"] != "short"
    assert (await answer(product)).WhichOneof("result") == "answered"

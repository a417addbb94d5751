"""What callers get wrong: one table, each row with its status and every field named; then the server goes on."""

import time
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from grpc_status import rpc_status

from groundwire.v1 import answer_service_pb2, document_pb2, document_service_pb2, filter_pb2, passage_pb2, question_pb2
from groundwire.v1 import retrieval_service_pb2 as retrieval
from tests.doubles.time import waiting_skipped
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
    ("5 MB of text", _document(text="x" * 5_000_000), {"document.text": "at most 3900000"}),
    ("title too long", _document(title="x" * 513), {"document.title": "at most 512"}),
    (
        "bad metadata key",
        _document(metadata={"a b": filter_pb2.MetadataValue(bool_value=True)}),
        {"document.metadata[…]": "pattern"},
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


async def _negative_page(product: Product) -> None:
    request = document_service_pb2.ListDocumentsRequest(page_size=-1)
    await product.documents.ListDocuments(request, metadata=ACME)


async def _resuming_nothing(product: Product) -> None:
    request = answer_service_pb2.StreamAnswerRequest(question=question(), after_sequence=3)
    await product.answers.StreamAnswer(request, metadata=ACME).read()


async def _blank_search(product: Product) -> None:
    await product.retrieval.Retrieve(retrieval.RetrieveRequest(text=" \t"), metadata=ACME)


async def _nobody(product: Product) -> None:
    await product.answers.Answer(answer_service_pb2.AnswerRequest(question=question()))


async def _two_tenants(product: Product) -> None:
    metadata = (*ACME, ("groundwire-tenant", "other"))
    await product.answers.Answer(answer_service_pb2.AnswerRequest(question=question()), metadata=metadata)


async def _malformed_request_id(product: Product) -> None:
    await answer(product, request_id="short")


async def _resumption_too_long(product: Product) -> None:
    request = answer_service_pb2.StreamAnswerRequest(question=question(), resume_window=Duration(seconds=301))
    await product.answers.StreamAnswer(request, metadata=ACME).read()


async def _resuming(product: Product) -> None:
    request = answer_service_pb2.StreamAnswerRequest(question=question(), request_id="request-9999", after_sequence=3)
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
        (_negative_page, INVALID, "INVALID_REQUEST"),
        (_resuming_nothing, INVALID, "INVALID_REQUEST"),
        (_blank_search, INVALID, "INVALID_REQUEST"),
        (_malformed_request_id, INVALID, "INVALID_REQUEST"),
        (_resumption_too_long, INVALID, "INVALID_REQUEST"),
        (_nobody, grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED"),
        (_two_tenants, grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED"),
        (_resuming, NOT_FOUND, "RUN_NOT_FOUND"),
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


METHODS = [
    "AnswerService/Answer",
    "AnswerService/StreamAnswer",
    "AnswerService/CancelAnswer",
    "RetrievalService/Retrieve",
    "DocumentService/GetDocument",
    "DocumentService/ListDocuments",
    "DocumentService/DeleteDocument",
    "DocumentService/GetCorpusVersion",
]


@pytest.mark.parametrize("method", METHODS)
async def test_bytes_that_are_no_message_are_refused_with_details(product: Product, method: str) -> None:
    stream: Any = product.channel.unary_stream(f"/groundwire.v1.{method}")
    call = stream(b"\x0a\xff\xff", metadata=ACME, timeout=10)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() is INVALID
    assert info(caught.value).reason == "INVALID_REQUEST"
    assert caught.value.details() == "must be a message of this method, nested at most 100 levels"


async def test_bytes_that_are_no_document_have_a_result_of_their_own(product: Product) -> None:
    method = "/groundwire.v1.DocumentService/IngestDocuments"
    call: Any = product.channel.stream_stream(method)(metadata=ACME, timeout=10)
    results = []
    good = document_service_pb2.IngestDocumentsRequest(document=_document("good"))
    for message in (b"\x0a\xff\xff", good.SerializeToString()):
        await call.write(message)
        results.append(document_service_pb2.IngestDocumentsResponse.FromString(await call.read()))
    await call.done_writing()
    assert [result.state for result in results] == [
        document_pb2.INGEST_STATE_REJECTED,
        document_pb2.INGEST_STATE_CREATED,
    ]
    assert info_of(results[0].error).reason == "INVALID_REQUEST"


async def test_more_violations_than_a_status_holds_still_have_theirs(product: Product) -> None:
    bad = [filter_pb2.Filter(equals=filter_pb2.Equals(key="a b")) for _ in range(4)]
    turns = [question_pb2.Turn() for _ in range(16)]
    asked = _filter(filter_pb2.Filter(all_of=filter_pb2.AllOf(operands=bad)))
    asked.turns.extend(turns)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await answer(product, asked)
    assert caught.value.code() is INVALID
    assert int(info(caught.value).metadata["violations"]) > 32
    status = rpc_status.from_call(caught.value)
    assert status is not None
    assert len(fields(status)) == 16


async def test_a_list_of_much_metadata_comes_in_pages_that_clients_take(product: Product) -> None:
    metadata = {f"note{number}": filter_pb2.MetadataValue(string_value="x" * 1000) for number in range(16)}
    stored = [f"large-{number:03}" for number in range(300)]
    await ingest(product, *(_document(name, metadata=metadata) for name in stored))
    found, token, pages = [], "", 0
    while token or not pages:
        request = document_service_pb2.ListDocumentsRequest(page_size=1000, page_token=token)
        page = await product.documents.ListDocuments(request, metadata=ACME)
        assert 0 < page.ByteSize() < 2_200_000
        found += [document.document_id for document in page.documents]
        token, pages = page.next_page_token, pages + 1
    assert found == sorted(["generators", "lambdas", *stored])
    assert pages == 3


async def test_large_passages_of_the_callers_own_hold_up_nobody_else(product: Product) -> None:
    text = ("lambda expressions " * 1724)[:32_000]
    passages = [passage_pb2.ProvidedPassage(passage_id=f"p{number}", text=text) for number in range(64)]
    words = " ".join(f"lambda{number}" for number in range(200))[:1990]
    large = question(words, provided=passage_pb2.ProvidedPassages(passages=passages))
    before = time.thread_time()
    with waiting_skipped():
        await answer(product, large, seconds=60.0)
    # The whole of it is read at once on the loop, in the thread of this test: quadratic in its size this took 30 s.
    assert time.thread_time() - before < 5.0

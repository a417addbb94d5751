"""Every call of the client but streams, against a server on a port."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import code_pb2

import groundwire
from groundwire.v1 import outcome_pb2 as pb
from groundwire.v1.document_pb2 import DocumentOrder, IngestState
from groundwire.v1.document_service_pb2 import IngestDocumentsRequest
from groundwire.v1.erasure_pb2 import ErasureSource, ErasureTarget
from groundwire.v1.filter_pb2 import Equals
from groundwire.v1.limit_pb2 import Limit
from groundwire.v1.limit_service_pb2 import GetLimitsResponse
from groundwire.v1.report_pb2 import Report
from tests.doubles import events
from tests.doubles.service import UNAVAILABLE, Failure, FakeService

EVERY_CALL = {
    *("Answer", "StreamAnswer", "CancelAnswer", "Retrieve", "CheckGrounding", "ListRoutes", "GetServerInfo"),
    *("IngestDocuments", "PutDocument", "GetDocument", "ListDocuments", "DeleteDocument", "PurgeDocuments"),
    *("GetCorpusVersion", "GetLimits", "EraseDocuments", "AppealBlock"),
    *("ListQuarantinedDocuments", "GetQuarantinedDocument", "ReleaseDocument"),
}
AS_LONG_AS_AN_INGEST = {"IngestDocuments", "ReleaseDocument"}
BLOCKED = groundwire.Blocked(
    pb.Outcome(
        blocked=pb.Blocked(policy="injection", category="jailbreak"),
        report=Report(request_id="request-1", trace_id="ab" * 16),
    )
)
YEAR = groundwire.Filter(equals=Equals(key="year", value=groundwire.MetadataValue(number_value=2026)))


def documents(count: int) -> list[groundwire.Document]:
    return [groundwire.Document(document_id=f"d{number:02}", text="text") for number in range(count)]


async def test_answer_returns_the_outcome(client: groundwire.Client, service: FakeService) -> None:
    service.script["where?"] = events.plain_answer()

    outcome = await client.answer("where?", request_id="request-1", route="support", top_k=3)

    assert outcome.text == "Parcels wait in the mail room."
    assert [each.document_id for each in outcome.citations] == ["handbook"]
    request = service.calls[0].request
    assert (request.request_id, request.question.route, request.question.search.top_k) == ("request-1", "support", 3)


async def test_every_call_says_who_asks_and_has_a_deadline(client: groundwire.Client, service: FakeService) -> None:
    service.otherwise = events.plain_answer()
    await client.answer("a")
    async for _ in client.stream("b"):
        pass
    await client.cancel("in-flight")
    await client.retrieve("c")
    _ = [response async for response in client.check("c")]
    _ = [result async for result in client.ingest(documents(1))]
    await client.get_document("d00")
    _ = [info async for info in client.list_documents()]
    await client.put_document(documents(1)[0])
    await client.delete_document("d00")
    await client.purge_documents(groundwire.Filter())
    await client.erase_documents(ErasureTarget(document_id="d00"))
    service.held = {"d00": documents(1)[0]}
    _ = [info async for info in client.list_quarantined_documents()]
    await client.get_quarantined_document("d00")
    await client.release_document("d00", 1)
    await client.corpus_version()
    await client.routes()
    await client.server_info()
    await client.limits()
    await client.appeal(BLOCKED)

    assert {call.method for call in service.calls} == EVERY_CALL
    for call in service.calls:
        assert call.metadata["groundwire-tenant"] == "acme"
        assert call.metadata["groundwire-subject"] == "ada"
        assert call.metadata["groundwire-principals"] == "staff,hr"
        assert call.time_remaining < (3700 if call.method in AS_LONG_AS_AN_INGEST else 31)


async def test_a_timeout_reaches_the_server(client: groundwire.Client, service: FakeService) -> None:
    service.otherwise = events.plain_answer()

    await client.answer("a", timeout=7)
    async for _ in client.stream("b", timeout=5):
        pass

    assert service.calls[0].time_remaining < 8
    assert service.calls[1].time_remaining < 6


async def test_cancel_says_whether_there_was_something_to_end(client: groundwire.Client) -> None:
    assert await client.cancel("in-flight") is True
    assert await client.cancel("long-gone") is False


async def test_retrieve(client: groundwire.Client, service: FakeService) -> None:
    found = await client.retrieve("parcels", filter=YEAR, top_k=5)

    assert found.passages[0].text == "parcels"
    assert service.calls[0].request.search.filter == YEAR


async def test_passages_of_the_callers_own(client: groundwire.Client, service: FakeService) -> None:
    service.otherwise = events.plain_answer()
    passage = groundwire.ProvidedPassage(passage_id="p1", text="Parcels wait in the mail room.")

    await client.answer(groundwire.Question(text="where?", allow_queue=True), passages=[passage])

    question = service.calls[0].request.question
    assert question.allow_queue
    assert list(question.provided.passages) == [passage]
    with pytest.raises(ValueError, match="leave out top_k"):
        await client.answer("where?", passages=[passage], top_k=3)


async def test_context_is_set_over_that_of_the_question(client: groundwire.Client, service: FakeService) -> None:
    service.otherwise = events.plain_answer()

    await client.answer(
        groundwire.Question(text="where?", context={"plan": "free", "region": "eu"}), context={"plan": "pro"}
    )

    assert dict(service.calls[0].request.question.context) == {"plan": "pro", "region": "eu"}


async def test_an_end_user_is_set_over_that_of_the_question(client: groundwire.Client, service: FakeService) -> None:
    service.otherwise = events.plain_answer()
    asked = groundwire.Question(text="where?", end_user_id="visitor-1")

    await client.answer(asked)
    await client.answer(asked, end_user_id="visitor-2")
    async for _ in client.stream("where?", end_user_id="visitor-3"):
        pass

    assert [call.request.question.end_user_id for call in service.calls] == ["visitor-1", "visitor-2", "visitor-3"]
    assert asked.end_user_id == "visitor-1"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"context": {"plan": "pro", "seats": 5}}, r"^context\['seats'\] must be a str, not int$"),
        ({"context": {5: "seats"}}, "^a name in context must be a str, not int$"),
        ({"end_user_id": 4711}, "^end_user_id must be a str, not int$"),
    ],
)
async def test_what_is_not_a_text_is_named(client: groundwire.Client, given: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        await client.answer("where?", **given)


async def test_no_passages_are_not_a_search(client: groundwire.Client, service: FakeService) -> None:
    service.otherwise = events.plain_answer()

    await client.answer("where?", passages=[])

    assert service.calls[0].request.question.WhichOneof("evidence") == "provided"


async def test_a_failed_call_raises_with_everything_the_server_said(
    client: groundwire.Client, service: FakeService
) -> None:
    service.otherwise = (
        Failure(
            code_pb2.INVALID_ARGUMENT,
            "question.text: must not be blank; question.search.top_k: at most 64",
            "INVALID_REQUEST",
            {"question.text": "must not be blank", "question.search.top_k": "at most 64"},
        ),
    )
    with pytest.raises(groundwire.Error) as raised:
        await client.answer(" ")
    with pytest.raises(groundwire.Error) as streamed:
        await anext(aiter(client.stream(" ")))

    assert str(raised.value) == str(streamed.value)
    error = raised.value
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert error.reason == "INVALID_REQUEST"
    assert [violation.field for violation in error.violations] == ["question.text", "question.search.top_k"]
    assert (error.request_id, error.trace_id) == ("request-1", "ab" * 16)
    assert str(error) == (
        "question.text: must not be blank; question.search.top_k: at most 64 "
        f"(INVALID_ARGUMENT INVALID_REQUEST, trace {'ab' * 16})"
    )


async def test_a_server_that_is_not_there() -> None:
    async with groundwire.Client("127.0.0.1:1", timeout=5) as client:
        with pytest.raises(groundwire.Error) as raised:
            await client.answer("anyone?")

    assert raised.value.unreachable
    assert not raised.value.connection_lost
    assert str(raised.value).startswith(
        "No groundwire server answers at 127.0.0.1:1: start one with `groundwire serve`"
    )


async def test_ingest_yields_a_result_for_each_document(client: groundwire.Client, service: FakeService) -> None:
    service.rejected["d01"] = Failure(
        code_pb2.INVALID_ARGUMENT, "document.text: is blank", "INVALID_REQUEST", {"document.text": "is blank"}
    )

    results = [result async for result in client.ingest(documents(3))]

    assert [result.state for result in results] == [
        IngestState.INGEST_STATE_CREATED,
        IngestState.INGEST_STATE_REJECTED,
        IngestState.INGEST_STATE_CREATED,
    ]
    assert results[1].error.message == "document.text: is blank"


async def test_ingest_sends_only_a_few_documents_ahead(client: groundwire.Client, service: FakeService) -> None:
    service.read_ahead = 3
    produced = answered = most = 0

    async def source() -> AsyncIterator[groundwire.Document]:
        nonlocal produced, most
        for document in documents(40):
            produced += 1
            # The document in hand waits for room: it is not sent yet.
            most = max(most, produced - 1 - answered)
            yield document

    async for _ in client.ingest(source(), unanswered=3):
        answered += 1

    assert (produced, answered) == (40, 40)
    assert most == 3


async def test_a_source_that_raises_ends_the_ingest(client: groundwire.Client, service: FakeService) -> None:
    def source() -> Iterator[groundwire.Document]:
        yield documents(1)[0]
        raise OSError("disk on fire")

    with pytest.raises(OSError, match="disk on fire"):
        _ = [result async for result in client.ingest(source())]


async def test_an_ingest_that_breaks_off_raises_after_its_results(
    client: groundwire.Client, service: FakeService
) -> None:
    service.broken, service.answered_first = UNAVAILABLE, 2
    results = []

    async def run() -> None:
        async for result in client.ingest(documents(30)):
            results.append(result.document_id)  # noqa: PERF401  (what arrived before the error counts)

    with pytest.raises(groundwire.Error, match="STORE_UNAVAILABLE"):
        await run()

    assert results == ["d00", "d01"]


async def test_documents_are_listed_page_by_page(client: groundwire.Client, service: FakeService) -> None:
    service.stored = {document.document_id: document for document in documents(5)}

    newest = DocumentOrder.DOCUMENT_ORDER_NEWEST
    listed = [info.document_id async for info in client.list_documents(page_size=2, filter=YEAR, order=newest)]

    assert listed == ["d04", "d03", "d02", "d01", "d00"]
    assert [call.method for call in service.calls] == ["ListDocuments"] * 3
    assert all(call.request.filter == YEAR and call.request.order == newest for call in service.calls)


async def test_one_document(client: groundwire.Client, service: FakeService) -> None:
    service.stored = {document.document_id: document for document in documents(2)}

    found = await client.get_document("d01", include_text=True)
    assert (found.document.document_id, found.text) == ("d01", "text")
    assert (await client.delete_document("d01")).corpus_version == "v1"
    with pytest.raises(groundwire.Error) as raised:
        await client.get_document("d01")
    assert raised.value.reason == "DOCUMENT_NOT_FOUND"
    assert await client.corpus_version() == "v1"


async def test_a_document_is_stored_where_its_revision_is_the_expected_one(
    client: groundwire.Client, service: FakeService
) -> None:
    (document,) = documents(1)

    stored = await client.put_document(document, expected_revision=0)
    await client.put_document(document)
    sent = IngestDocumentsRequest(document=document, expected_revision=1)
    _ = [result async for result in client.ingest([sent])]

    assert stored.state == IngestState.INGEST_STATE_CREATED
    expected, any_revision, _ingest = (call.request for call in service.calls)
    assert (expected.expected_revision, any_revision.HasField("expected_revision")) == (0, False)
    assert service.sent == [sent]


async def test_a_document_that_is_not_there_may_be_removed(client: groundwire.Client) -> None:
    response = await client.delete_document("d99", allow_missing=True)

    assert (response.deleted, response.corpus_version) == (False, "v0")


async def test_documents_are_counted_before_they_are_purged(client: groundwire.Client, service: FakeService) -> None:
    service.stored = {document.document_id: document for document in documents(2)}

    planned = await client.purge_documents(YEAR)
    purged = await client.purge_documents(YEAR, force=True)

    assert (planned.purge_count, list(planned.purge_sample)) == (2, ["d00", "d01"])
    assert (purged.purge_count, purged.corpus_version) == (2, "v0")
    assert [call.request.force for call in service.calls] == [False, True]


async def test_documents_are_counted_before_they_are_erased(client: groundwire.Client, service: FakeService) -> None:
    service.stored = {document.document_id: document for document in documents(2)}
    target = ErasureTarget(source=ErasureSource(uri="file:///", prefix=True))

    planned = await client.erase_documents(target)
    erased = await client.erase_documents(target, force=True)

    assert (planned.document_count, list(planned.document_sample)) == (2, ["d00", "d01"])
    assert (erased.document_count, erased.receipt.complete, erased.receipt.target) == (2, True, target)
    assert [call.request.force for call in service.calls] == [False, True]
    assert service.calls[0].time_remaining < 31 < service.calls[1].time_remaining


async def test_documents_in_quarantine_are_reviewed_and_released(
    client: groundwire.Client, service: FakeService
) -> None:
    service.objected = {"d00": ["orders"], "d02": ["secrets"]}
    results = [result async for result in client.ingest(documents(3))]

    held = [document async for document in client.list_quarantined_documents(page_size=1)]
    read = await client.get_quarantined_document("d00", include_text=True)
    released = await client.release_document("d00", 1)

    quarantined = IngestState.INGEST_STATE_QUARANTINED
    assert [result.state == quarantined for result in results] == [True, False, True]
    assert [flag.category for flag in results[0].flags] == ["orders"]
    assert [(each.document_id, each.quarantine.findings[0].category) for each in held] == [
        ("d00", "orders"),
        ("d02", "secrets"),
    ]
    assert (read.document.document_id, read.text) == ("d00", documents(1)[0].text)
    assert (released.revision, sorted(service.held)) == (2, ["d02"])
    assert service.calls[-1].request.expected_revision == 1
    assert service.calls[-1].time_remaining > 31


async def test_what_the_server_offers(client: groundwire.Client) -> None:
    assert [route.name for route in await client.routes()] == ["default", "support"]
    assert (await client.server_info()).version == "0.1.0"


async def test_an_operator_says_whose_limits_it_looks_at(client: groundwire.Client, service: FakeService) -> None:
    service.limits = GetLimitsResponse(limits=[Limit(name="users.requests_per_minute")], currency="EUR")

    found = await client.limits(tenant="globex", subject="bob", end_user_id="visitor", route="faq", timeout=5)

    assert ([limit.name for limit in found.limits], found.currency) == (["users.requests_per_minute"], "EUR")
    request = service.calls[0].request
    assert (request.tenant, request.subject, request.end_user_id) == ("globex", "bob", "visitor")
    assert (request.route, service.calls[0].metadata["groundwire-tenant"]) == ("faq", "acme")


async def test_a_channel_of_the_callers_own_stays_open(address: str, service: FakeService) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        async with groundwire.Client(channel, tenant="acme") as client:
            await client.corpus_version()
        async with groundwire.Client(channel, tenant="acme") as client:
            await client.corpus_version()

    assert len(service.calls) == 2


async def test_a_client_shows_its_state_and_no_credential() -> None:
    async with groundwire.Client("localhost:50051", tenant="acme", token="hush-hush") as client:
        assert repr(client) == "<groundwire.Client localhost:50051, not secured, tenant 'acme', token, 0 streams open>"

"""The client without asyncio, against a server on a port."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.rpc import code_pb2

import groundwire
from groundwire.v1.document_pb2 import IngestState
from tests.doubles import events
from tests.doubles.service import PATIENCE, UNAVAILABLE, Failure, FakeService, UntilCancelled


def documents(count: int) -> list[groundwire.Document]:
    return [groundwire.Document(document_id=f"d{number:02}", text="text") for number in range(count)]


def test_answer_returns_the_outcome(sync_client: groundwire.SyncClient, service: FakeService) -> None:
    service.script["where?"] = events.plain_answer()

    outcome = sync_client.answer("where?", request_id="request-1", route="support", top_k=3)

    assert groundwire.text_of(outcome) == "Parcels wait in the mail room."
    request = service.calls[0].request
    assert (request.request_id, request.question.route, request.question.search.top_k) == ("request-1", "support", 3)


def test_every_call_says_who_asks_and_has_a_deadline(sync_client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = events.plain_answer()
    sync_client.answer("a")
    list(sync_client.stream("b"))
    sync_client.cancel("in-flight")
    sync_client.retrieve("c")
    list(sync_client.ingest(documents(1)))
    sync_client.get_document("d00")
    list(sync_client.list_documents())
    sync_client.delete_document("d00")
    sync_client.corpus_version()

    assert len(service.calls) == 9
    for call in service.calls:
        assert call.metadata["groundwire-tenant"] == "acme"
        assert call.metadata["groundwire-subject"] == "ada"
        assert call.metadata["groundwire-principals"] == "staff,hr"
        assert call.time_remaining < (3700 if call.method == "IngestDocuments" else 31)


def test_a_timeout_reaches_the_server(sync_client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = events.plain_answer()

    sync_client.answer("a", timeout=7)
    list(sync_client.stream("b", timeout=5))

    assert service.calls[0].time_remaining < 8
    assert service.calls[1].time_remaining < 6


def test_stream_yields_the_events_and_keeps_the_outcome(
    sync_client: groundwire.SyncClient, service: FakeService
) -> None:
    service.script["where?"] = events.plain_answer()

    with sync_client.stream("where?") as stream:
        kinds = [event.WhichOneof("event") for event in stream]

    assert kinds == ["started", "text_delta", "citation", "outcome"]
    assert stream.outcome is not None
    assert stream.outcome.WhichOneof("result") == "answered"


def test_leaving_a_stream_cancels_it_on_the_server(sync_client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = (events.started(), UntilCancelled())

    with sync_client.stream("slow") as stream:
        assert next(stream).HasField("started")

    assert service.cancelled.wait(PATIENCE)
    assert list(stream) == []


def test_a_failed_call_raises_with_everything_the_server_said(
    sync_client: groundwire.SyncClient, service: FakeService
) -> None:
    service.otherwise = (
        Failure(
            code_pb2.INVALID_ARGUMENT,
            "question.text: must not be blank",
            "INVALID_REQUEST",
            {"question.text": "must not be blank"},
        ),
    )
    with pytest.raises(groundwire.Error) as raised:
        sync_client.answer(" ")
    with pytest.raises(groundwire.Error) as streamed:
        next(sync_client.stream(" "))

    assert str(raised.value) == str(streamed.value)
    assert raised.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert raised.value.violations == (groundwire.Violation("question.text", "must not be blank"),)
    assert (raised.value.request_id, raised.value.trace_id) == ("request-1", "ab" * 16)


def test_nobody_listens() -> None:
    with groundwire.SyncClient("127.0.0.1:1", timeout=5) as client, pytest.raises(groundwire.Error) as raised:
        client.answer("anyone?")

    assert raised.value.unreachable


def test_ingest_yields_a_result_for_each_document(sync_client: groundwire.SyncClient, service: FakeService) -> None:
    service.rejected["d01"] = Failure(code_pb2.INVALID_ARGUMENT, "document.text: is blank", "INVALID_REQUEST")

    states = [result.state for result in sync_client.ingest(documents(3))]

    assert states == [
        IngestState.INGEST_STATE_CREATED,
        IngestState.INGEST_STATE_REJECTED,
        IngestState.INGEST_STATE_CREATED,
    ]


def test_ingest_sends_only_a_few_documents_ahead(sync_client: groundwire.SyncClient, service: FakeService) -> None:
    service.read_ahead = 3
    produced = answered = most = 0

    def source() -> Iterator[groundwire.Document]:
        nonlocal produced, most
        for document in documents(40):
            produced += 1
            # The document in hand waits for room: it is not sent yet.
            most = max(most, produced - 1 - answered)
            yield document

    for _ in sync_client.ingest(source(), unanswered=3):
        answered += 1

    assert (produced, answered) == (40, 40)
    assert most <= 4  # the sending thread may run between a result and its being counted here


def test_leaving_an_ingest_ends_its_sending_thread(sync_client: groundwire.SyncClient, service: FakeService) -> None:
    ended = threading.Event()

    def source() -> Iterator[groundwire.Document]:
        try:
            yield from documents(1000)
        finally:
            ended.set()

    results = sync_client.ingest(source(), unanswered=2)
    assert next(results).document_id == "d00"
    results.close()  # type: ignore[attr-defined]  # it is a generator

    assert ended.wait(PATIENCE)
    assert len(service.stored) < 1000


def test_a_source_that_raises_ends_the_ingest(sync_client: groundwire.SyncClient) -> None:
    def source() -> Iterator[groundwire.Document]:
        yield documents(1)[0]
        raise OSError("disk on fire")

    with pytest.raises(OSError, match="disk on fire"):
        list(sync_client.ingest(source()))


def test_an_ingest_that_breaks_off_raises_after_its_results(
    sync_client: groundwire.SyncClient, service: FakeService
) -> None:
    service.broken, service.answered_first = UNAVAILABLE, 2
    results = sync_client.ingest(documents(30))

    assert [next(results).document_id, next(results).document_id] == ["d00", "d01"]
    with pytest.raises(groundwire.Error, match="STORE_UNAVAILABLE"):
        next(results)


def test_documents(sync_client: groundwire.SyncClient, service: FakeService) -> None:
    service.stored = {document.document_id: document for document in documents(5)}

    assert [info.document_id for info in sync_client.list_documents(page_size=2)] == ["d00", "d01", "d02", "d03", "d04"]
    assert sync_client.get_document("d01", include_text=True).text == "text"
    assert sync_client.delete_document("d01") == "v4"
    assert sync_client.corpus_version() == "v4"
    with pytest.raises(groundwire.Error) as raised:
        sync_client.get_document("d01")
    assert raised.value.reason == "DOCUMENT_NOT_FOUND"


def test_threads_may_share_a_client(sync_client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = events.plain_answer()

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda number: sync_client.answer(f"question {number}"), range(12)))

    assert {groundwire.text_of(outcome) for outcome in outcomes} == {"Parcels wait in the mail room."}

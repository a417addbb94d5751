"""The client for asyncio, against a server on a port."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import grpc
import pytest
from google.rpc import code_pb2

import groundwire
from groundwire.v1.document_pb2 import IngestState
from groundwire.v1.filter_pb2 import Equals
from tests.doubles import events
from tests.doubles.service import PATIENCE, UNAVAILABLE, Failure, FakeService, UntilCancelled


def documents(count: int) -> list[groundwire.Document]:
    return [groundwire.Document(document_id=f"d{number:02}", text="text") for number in range(count)]


async def happened(event: threading.Event) -> bool:
    return await asyncio.to_thread(event.wait, PATIENCE)


async def test_answer_returns_the_outcome(client: groundwire.Client, service: FakeService) -> None:
    service.script["where?"] = events.plain_answer()

    outcome = await client.answer("where?", request_id="request-1", route="support", top_k=3)

    assert groundwire.text_of(outcome) == "Parcels wait in the mail room."
    assert [each.document_id for each in groundwire.citations_of(outcome)] == ["handbook"]
    request = service.calls[0].request
    assert (request.request_id, request.question.route, request.question.search.top_k) == ("request-1", "support", 3)


async def test_every_call_says_who_asks_and_has_a_deadline(client: groundwire.Client, service: FakeService) -> None:
    service.otherwise = events.plain_answer()
    await client.answer("a")
    async for _ in client.stream("b"):
        pass
    await client.cancel("in-flight")
    await client.retrieve("c")
    _ = [result async for result in client.ingest(documents(1))]
    await client.get_document("d00")
    _ = [info async for info in client.list_documents()]
    await client.delete_document("d00")
    await client.corpus_version()

    assert len(service.calls) == 9
    for call in service.calls:
        assert call.metadata["groundwire-tenant"] == "acme"
        assert call.metadata["groundwire-subject"] == "ada"
        assert call.metadata["groundwire-principals"] == "staff,hr"
        assert call.time_remaining < (3700 if call.method == "IngestDocuments" else 31)


async def test_a_timeout_reaches_the_server(client: groundwire.Client, service: FakeService) -> None:
    service.otherwise = events.plain_answer()

    await client.answer("a", timeout=7)
    async for _ in client.stream("b", timeout=5):
        pass

    assert service.calls[0].time_remaining < 8
    assert service.calls[1].time_remaining < 6


async def test_stream_yields_the_events_and_keeps_the_outcome(client: groundwire.Client, service: FakeService) -> None:
    service.script["where?"] = events.plain_answer()

    stream = client.stream("where?", provisional=True, resume_window=2.5, after_sequence=3)
    kinds = [event.WhichOneof("event") async for event in stream]

    assert kinds == ["started", "text_delta", "citation", "outcome"]
    assert stream.outcome is not None
    assert stream.outcome.WhichOneof("result") == "answered"
    request = service.calls[0].request
    assert request.resume_window.ToMilliseconds() == 2500
    assert request.after_sequence == 3


async def test_leaving_a_stream_cancels_it_on_the_server(client: groundwire.Client, service: FakeService) -> None:
    service.otherwise = (events.started(), UntilCancelled())

    async with client.stream("slow") as stream:
        async for event in stream:
            assert event.HasField("started")
            break

    assert await happened(service.cancelled)
    assert [event async for event in stream] == []


async def test_cancelling_the_task_cancels_the_answer_on_the_server(
    client: groundwire.Client, service: FakeService
) -> None:
    service.otherwise = (UntilCancelled(),)
    task = asyncio.create_task(client.answer("slow"))
    assert await happened(service.waiting)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert await happened(service.cancelled)


async def test_cancel_says_whether_there_was_something_to_end(client: groundwire.Client) -> None:
    assert await client.cancel("in-flight") is True
    assert await client.cancel("long-gone") is False


async def test_retrieve(client: groundwire.Client, service: FakeService) -> None:
    narrowed = groundwire.Filter(equals=Equals(key="year", value=groundwire.MetadataValue(number_value=2026)))

    found = await client.retrieve("parcels", filter=narrowed, top_k=5)

    assert found.passages[0].text == "parcels"
    assert service.calls[0].request.search.filter == narrowed


async def test_passages_of_the_callers_own(client: groundwire.Client, service: FakeService) -> None:
    service.otherwise = events.plain_answer()
    passage = groundwire.ProvidedPassage(passage_id="p1", text="Parcels wait in the mail room.")

    await client.answer(groundwire.Question(text="where?", allow_queue=True), passages=[passage])

    question = service.calls[0].request.question
    assert question.allow_queue
    assert list(question.provided.passages) == [passage]
    with pytest.raises(ValueError, match="leave out top_k"):
        await client.answer("where?", passages=[passage], top_k=3)


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
        await anext(client.stream(" "))

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


async def test_when_to_try_again(client: groundwire.Client) -> None:
    with pytest.raises(groundwire.Error) as raised:
        await client.answer("anything")

    assert raised.value.retry_after == 1.5
    assert not raised.value.unreachable
    assert "retry after 1.5 s" in str(raised.value)


async def test_nobody_listens() -> None:
    async with groundwire.Client("127.0.0.1:1", timeout=5) as client:
        with pytest.raises(groundwire.Error) as raised:
            await client.answer("anyone?")

    assert raised.value.unreachable
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

    listed = [info.document_id async for info in client.list_documents(page_size=2)]

    assert listed == ["d00", "d01", "d02", "d03", "d04"]
    assert [call.method for call in service.calls] == ["ListDocuments"] * 3


async def test_one_document(client: groundwire.Client, service: FakeService) -> None:
    service.stored = {document.document_id: document for document in documents(2)}

    found = await client.get_document("d01", include_text=True)
    assert (found.document.document_id, found.text) == ("d01", "text")
    assert await client.delete_document("d01") == "v1"
    with pytest.raises(groundwire.Error) as raised:
        await client.get_document("d01")
    assert raised.value.reason == "DOCUMENT_NOT_FOUND"
    assert await client.corpus_version() == "v1"


async def test_a_channel_of_the_callers_own_stays_open(address: str, service: FakeService) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        async with groundwire.Client(channel, tenant="acme") as client:
            await client.corpus_version()
        async with groundwire.Client(channel, tenant="acme") as client:
            await client.corpus_version()

    assert len(service.calls) == 2

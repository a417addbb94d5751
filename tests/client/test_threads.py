"""What only a client without asyncio meets: threads that share it, interruptions, and the garbage collector."""

import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import groundwire
from tests.doubles import events
from tests.doubles.service import PATIENCE, FakeService, UntilCancelled

SLOW = (events.started(), UntilCancelled())


@pytest.fixture
def client(address: str) -> Iterator[groundwire.SyncClient]:
    with groundwire.SyncClient(address, tenant="acme") as client:
        yield client


def test_threads_may_share_a_client(client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = events.plain_answer()

    def ask(number: int) -> str:
        *_, last = client.stream(f"question {number}")
        return client.answer(f"question {number}").text + str(last.WhichOneof("event"))

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(12))) == {"Parcels wait in the mail room.outcome"}


def test_another_thread_may_close_a_stream_and_its_reader_goes_on(
    client: groundwire.SyncClient, service: FakeService
) -> None:
    service.otherwise = SLOW
    stream = client.stream("slow")
    stream.read()
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(stream.read)
        assert service.waiting.wait(PATIENCE)

        stream.close()

        assert reader.result(PATIENCE) is None
    assert service.cancelled.wait(PATIENCE)


def test_an_interruption_ends_the_answer(
    client: groundwire.SyncClient, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.otherwise = SLOW

    def interrupted(call: object) -> None:
        raise KeyboardInterrupt

    stream = client.stream("slow")
    stream.read()
    monkeypatch.setattr("groundwire._sync.stream.next_event", interrupted)
    with pytest.raises(KeyboardInterrupt):
        stream.read()

    assert service.cancelled.wait(PATIENCE)
    assert service.named.wait(PATIENCE)
    assert service.cancelled_ids == [stream.request_id]


def test_an_interrupted_answer_is_ended_by_name(
    client: groundwire.SyncClient, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(client._connection, "call", interrupted)
    with pytest.raises(KeyboardInterrupt):
        client.answer("slow", request_id="request-1")

    assert service.named.wait(PATIENCE)
    assert service.cancelled_ids == ["request-1"]


def test_a_stream_in_a_circle_is_left_when_it_is_collected(client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = SLOW

    class Holder:
        def __init__(self) -> None:
            self.stream = client.stream("slow")
            self.myself = self

    Holder().stream.read()
    assert not service.cancelled.is_set()

    gc.collect()

    assert service.cancelled.wait(PATIENCE)
    assert service.named.wait(PATIENCE)


def test_closing_a_client_waits_until_its_answers_are_ended_and_leaves_no_thread(
    address: str, service: FakeService
) -> None:
    service.otherwise = SLOW
    with groundwire.SyncClient(address, tenant="acme") as client:
        stream = client.stream("slow")
        stream.read()
        assert [thread for thread in threading.enumerate() if thread.name == "groundwire-cancel"]

    assert service.cancelled_ids == [stream.request_id]
    assert not [thread for thread in threading.enumerate() if thread.name == "groundwire-cancel"]


def test_a_client_that_is_dropped_leaves_no_thread(address: str, service: FakeService) -> None:
    service.otherwise = SLOW
    client = groundwire.SyncClient(address, tenant="acme")
    client.stream("slow").read()
    del client
    gc.collect()

    assert not [thread for thread in threading.enumerate() if thread.name == "groundwire-cancel"]


def test_leaving_an_ingest_ends_its_sending_thread(client: groundwire.SyncClient, service: FakeService) -> None:
    ended = threading.Event()

    def source() -> Iterator[groundwire.Document]:
        try:
            for number in range(1000):
                yield groundwire.Document(document_id=f"d{number}", text="text")
        finally:
            ended.set()

    results = client.ingest(source(), unanswered=2)
    assert next(results).document_id == "d0"
    results.close()

    assert ended.wait(PATIENCE)
    assert len(service.stored) < 1000

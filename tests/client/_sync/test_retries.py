# Generated from tests/client/_async/test_retries.py: change that, then `make generate`.
"""Calls of the client that are sent again."""

import grpc
import pytest
from google.rpc import code_pb2

import groundwire
from tests.doubles import events
from tests.doubles.service import LOST, UNAVAILABLE, Failure, FakeService, Once

BUSY = Failure(code_pb2.UNAVAILABLE, "The server is busy.", "OVERLOADED", retry_after=0.001)


def methods(service: FakeService) -> list[str]:
    return [call.method for call in service.calls]


def test_an_answer_whose_connection_was_lost_is_asked_for_under_the_same_id(
    client: groundwire.SyncClient, service: FakeService
) -> None:
    service.otherwise = [Once(LOST), *events.plain_answer()]

    outcome = client.answer("where?")

    assert outcome.kind == "answered"
    first, second = (call.request for call in service.calls)
    assert len(first.request_id) == 32
    assert second == first


def test_a_client_that_never_retries_leaves_the_id_to_the_server(address: str, service: FakeService) -> None:
    service.otherwise = [LOST]
    with groundwire.SyncClient(address, retry=None) as client, pytest.raises(groundwire.Error) as raised:
        client.answer("where?")

    assert raised.value.connection_lost
    assert [call.request.request_id for call in service.calls] == [""]


def test_a_call_that_stays_lost_ends_after_its_attempts(client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = [LOST]

    with pytest.raises(groundwire.Error, match="was lost"):
        client.answer("where?")

    assert methods(service) == ["Answer"] * 5


def test_a_call_that_the_server_turns_away_is_sent_again(client: groundwire.SyncClient, service: FakeService) -> None:
    service.refused = Once(BUSY)

    assert client.corpus_version() == "v0"
    assert methods(service) == ["GetCorpusVersion"] * 2


@pytest.mark.parametrize(("refused", "calls"), [(LOST, 1), (BUSY, 2)])
def test_a_removal_is_sent_again_only_when_it_was_turned_away(
    client: groundwire.SyncClient, service: FakeService, refused: Failure, calls: int
) -> None:
    service.stored = {"d1": groundwire.Document(document_id="d1")}
    client.corpus_version()
    service.refused = Once(refused)

    if refused is BUSY:
        assert (client.delete_document("d1")).deleted
    else:
        with pytest.raises(groundwire.Error, match="was lost"):
            client.delete_document("d1")

    assert methods(service).count("DeleteDocument") == calls


def test_a_removal_that_allows_what_is_missing_is_sent_again(
    client: groundwire.SyncClient, service: FakeService
) -> None:
    client.corpus_version()
    service.refused = Once(LOST)

    client.delete_document("d1", allow_missing=True)

    assert methods(service).count("DeleteDocument") == 2


def test_a_wait_that_is_longer_than_the_call_may_take_is_not_begun(
    client: groundwire.SyncClient, service: FakeService
) -> None:
    service.otherwise = [UNAVAILABLE]

    with pytest.raises(groundwire.Error) as raised:
        client.answer("where?")

    assert raised.value.retry_after == 60
    assert not raised.value.unreachable
    assert not raised.value.connection_lost
    assert "retry after 60 s" in str(raised.value)
    assert methods(service) == ["Answer"]


def test_a_server_that_stopped_is_a_lost_connection(client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = events.plain_answer()
    client.answer("where?")
    service.stop()

    with pytest.raises(groundwire.Error) as raised:
        client.answer("where?")

    assert raised.value.code is grpc.StatusCode.UNAVAILABLE
    assert raised.value.connection_lost

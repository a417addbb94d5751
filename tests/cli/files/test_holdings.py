"""How a server is asked what it holds."""

import pytest
from google.rpc import code_pb2

from groundwire import SyncClient
from groundwire.v1.document_pb2 import Document
from groundwire_server.cli.files.holdings import Holdings
from tests.doubles.service import Failure, FakeService


@pytest.mark.parametrize(("count", "singly", "listed"), [(20, 20, 0), (21, 20, 1), (60, 20, 1)])
def test_the_server_is_asked_singly_for_few_and_once_for_many(
    service: FakeService, address: str, count: int, singly: int, listed: int
) -> None:
    service.stored = {f"{number:02}": Document(document_id=f"{number:02}") for number in range(0, count, 2)}
    with SyncClient(address, tenant="acme") as client:
        holdings = Holdings(client)
        held = [bool(holdings.content_hash(f"{number:02}")) for number in range(count)]

    assert held == [number % 2 == 0 for number in range(count)]
    methods = [call.method for call in service.calls]
    assert (methods.count("GetDocument"), methods.count("ListDocuments")) == (singly, listed)


def test_who_may_not_read_sends_all_of_it(service: FakeService, address: str) -> None:
    service.stored = {"a": Document(document_id="a")}
    service.refused = Failure(code_pb2.PERMISSION_DENIED, "Your roles do not allow it.", "FORBIDDEN")
    with SyncClient(address, tenant="acme") as client:
        holdings = Holdings(client)

        assert holdings.content_hash("a") == ""
        assert holdings.content_hash("a") == ""

    assert len(service.calls) == 1

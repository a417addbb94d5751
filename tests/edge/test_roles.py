"""The table of roles has a row for every RPC, and says what the contract of roles says."""

import pytest

from groundwire_server.domain.caller import Role
from groundwire_server.edge.roles import ROLES, allows
from tests.e2e.methods import METHODS, REQUESTS

NAMES = {method.name for method in METHODS}


def test_every_rpc_has_a_row_and_every_row_an_rpc() -> None:
    assert ROLES.keys() == NAMES
    assert REQUESTS.keys() == NAMES


def test_streams_are_among_the_rpcs() -> None:
    shapes = {(method.descriptor.client_streaming, method.descriptor.server_streaming) for method in METHODS}
    assert {(False, False), (False, True), (True, True)} <= shapes


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_role_allows_what_its_row_says_and_an_admin_everything(name: str) -> None:
    assert ROLES[name]
    assert {role for role in Role if allows(name, [role])} == ROLES[name] | {Role.ADMIN}
    assert not allows(name, [])


@pytest.mark.parametrize("role", Role)
def test_a_call_without_a_row_is_nobodys(role: Role) -> None:
    assert not allows("groundwire.v1.AnswerService/Invented", [role])


def test_a_writer_alone_can_change_and_cannot_read() -> None:
    writes = {name for name in NAMES if allows(name, [Role.WRITER])}
    assert writes == {
        "groundwire.v1.DocumentService/IngestDocuments",
        "groundwire.v1.DocumentService/PutDocument",
        "groundwire.v1.DocumentService/DeleteDocument",
        "groundwire.v1.DocumentService/PurgeDocuments",
        "groundwire.v1.ServerInfoService/GetServerInfo",
    }

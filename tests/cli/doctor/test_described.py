"""`groundwire doctor` without an address checks the server that the configuration describes."""

import json
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from google.rpc import code_pb2

from groundwire_server.app.check_result import CheckResult
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.doctor.target import Target, described
from groundwire_server.edge.options import ServerOptions
from tests.cli.conftest import Ran
from tests.doubles.certificates import Authority, Issued
from tests.doubles.service import Failure, FakeService, serving

Command = Callable[..., Ran]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(ran: Ran) -> dict[str, dict[str, str]]:
    """The first result of each check that is not ok, or else the last."""
    listed = [json.loads(line) for line in ran.out.splitlines()]
    return {each["check"]: each for each in sorted(listed, key=lambda each: each["state"] != "ok")}


def configuration(address: str, tls: bool = False, **keys: str) -> None:
    section = f"listen: {address.replace('localhost', '127.0.0.1')}"
    if tls:
        extra = "".join(f", {key}: {value}" for key, value in keys.items())
        section += f", tls: {{certificate: tls.crt, key: tls.key{extra}}}"
    Path("groundwire.yaml").write_text(f"server: {{{section}}}\n")


def credentials(issued: Issued, authority: Authority | None = None) -> grpc.ServerCredentials:
    pair = (issued.key, issued.certificate)
    if authority is None:
        return grpc.ssl_server_credentials([pair])
    return grpc.ssl_server_credentials([pair], authority.pem, require_client_auth=True)


@pytest.mark.parametrize(
    ("listen", "server"),
    [
        ("127.0.0.1:6000", "127.0.0.1:6000"),
        ("0.0.0.0:6000", "127.0.0.1:6000"),
        ("[::]:6000", "[::1]:6000"),
        ("answers.example.com:6000", "answers.example.com:6000"),
    ],
)
def test_the_address_of_the_configuration(listen: str, server: str) -> None:
    target = described(ConnectionOptions(tenant="acme"), ServerOptions(listen=listen))

    assert target == Target(ConnectionOptions(server, tenant="acme"))


def test_a_free_port_is_not_known() -> None:
    result = described(ConnectionOptions(), ServerOptions(listen="127.0.0.1:0"))

    assert isinstance(result, CheckResult)
    assert (result.state, result.advice) == ("skip", "give --server HOST:PORT, as the server prints it")


def test_the_described_server_is_checked(groundwire_command: Command, address: str) -> None:
    configuration(address)

    ran = groundwire_command("doctor", "--json")

    assert ran.code == 0
    assert found(ran)["tcp"]["message"] == f"{address.replace('localhost', '127.0.0.1')} accepts connections"
    assert found(ran)["corpus"]["state"] == "ok"


@pytest.mark.parametrize("name", ["answers.example.com", "*.example.com"])
def test_its_own_certificate_is_expected(groundwire_command: Command, service: FakeService, name: str) -> None:
    issued = Authority().issue(dns=[name])
    issued.write(Path())
    with serving(service, credentials(issued)) as secured:
        configuration(secured, tls=True)
        ran = groundwire_command("doctor", "--json")
        Authority().issue(dns=[name]).write(Path())
        replaced = groundwire_command("doctor", "--json")

    assert ran.code == 0
    assert found(ran)["tls"]["message"] == "gRPC responds over TLS"
    assert replaced.code == 3
    assert "does not show the certificate in server.tls.certificate" in found(replaced)["tls"]["message"]


def test_a_client_certificate_is_asked_for(groundwire_command: Command, service: FakeService) -> None:
    authority = Authority()
    issued = authority.issue(dns=["answers.example.com"])
    issued.write(Path())
    own = authority.issue(uris=["spiffe://example.com/doctor"])
    Path("ca.pem").write_bytes(authority.pem)
    Path("own.crt").write_bytes(own.certificate)
    Path("own.key").write_bytes(own.key)
    with serving(service, credentials(issued, authority)) as secured:
        configuration(secured, tls=True, client_ca="ca.pem")
        without = groundwire_command("doctor", "--json")
        presented = groundwire_command("doctor", "--json", "--tls-cert", "own.crt", "--tls-key", "own.key")

    assert without.code == 1
    assert found(without)["tls"]["advice"] == "give --tls-cert and --tls-key"
    assert presented.code == 0
    assert found(presented)["corpus"]["state"] == "ok"


def test_without_a_credential_the_corpus_is_not_checked(
    groundwire_command: Command, service: FakeService, address: str
) -> None:
    service.refused = Failure(code_pb2.UNAUTHENTICATED, "The call has no credential.", "UNAUTHENTICATED")
    configuration(address)

    ran = groundwire_command("doctor", "--json")

    assert ran.code == 1
    assert found(ran)["credential"]["state"] == "skip"


def test_an_invalid_configuration_describes_no_server(groundwire_command: Command) -> None:
    Path("groundwire.yaml").write_text("server: {listen: nowhere}\n")

    ran = groundwire_command("doctor", "--json")

    assert ran.code == 4
    assert (found(ran)["server"]["state"], found(ran)["config"]["state"]) == ("skip", "fail")


def test_a_named_server_goes_before(groundwire_command: Command, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration("127.0.0.1:1")

    named = groundwire_command("doctor", "--json", "--server", address)
    monkeypatch.setenv("GROUNDWIRE_SERVER", address)
    from_environment = groundwire_command("doctor", "--json")

    assert (named.code, from_environment.code) == (0, 0)

"""Where the commands connect to and how they prove who asks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from tests.cli.conftest import Ran
from tests.doubles import events
from tests.doubles.certificates import Authority
from tests.doubles.service import FakeService, serving

Command = Callable[..., Ran]
SECRET = "gw_secret_of_nobody"


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def secured(service: FakeService, authority: Authority) -> Iterator[str]:
    """The address of a server with TLS, by the name in its certificate."""
    issued = authority.issue(dns=["localhost"])
    service.otherwise = events.plain_answer()
    credentials = grpc.ssl_server_credentials([(issued.key, issued.certificate)])
    with serving(service, credentials) as address:
        yield address.replace("127.0.0.1", "localhost")


@pytest.fixture
def secret(tmp_path: Path) -> str:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    return str(path)


def metadata(service: FakeService) -> dict[str, str]:
    """What the last call said about who asks."""
    names = {"authorization", "groundwire-api-key", "groundwire-tenant"}
    return {name: value for name, value in service.calls[-1].metadata.items() if name in names}


@pytest.mark.parametrize(
    ("option", "variable", "sent"),
    [
        ("--token-file", "GROUNDWIRE_TOKEN", {"authorization": f"Bearer {SECRET}"}),
        ("--api-key-file", "GROUNDWIRE_API_KEY", {"groundwire-api-key": SECRET}),
    ],
)
def test_a_credential_comes_from_a_file_or_the_environment_and_names_the_tenant_itself(
    groundwire_command: Command,
    service: FakeService,
    address: str,
    secret: str,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    variable: str,
    sent: dict[str, str],
) -> None:
    service.otherwise = events.plain_answer()

    assert groundwire_command("ask", "why?", "--server", address, option, secret).code == 0
    assert metadata(service) == sent

    monkeypatch.setenv(variable, SECRET)
    assert groundwire_command("ask", "why?", "--server", address).code == 0
    assert metadata(service) == sent

    assert groundwire_command("ask", "why?", "--server", address, "--tenant", "acme").code == 0
    assert metadata(service) == {**sent, "groundwire-tenant": "acme"}


def test_without_a_credential_the_tenant_is_local(
    groundwire_command: Command, service: FakeService, address: str
) -> None:
    groundwire_command("ask", "why?", "--server", address)

    assert metadata(service) == {"groundwire-tenant": "local"}


def test_an_option_goes_before_the_environment(
    groundwire_command: Command, service: FakeService, address: str, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDWIRE_TOKEN", "another")

    groundwire_command("ask", "why?", "--server", address, "--api-key-file", secret)

    assert metadata(service) == {"groundwire-api-key": SECRET}


def test_two_credentials_are_wrong_usage(
    groundwire_command: Command, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = groundwire_command("ask", "why?", "--token-file", secret, "--api-key-file", secret)
    monkeypatch.setenv("GROUNDWIRE_TOKEN", SECRET)
    monkeypatch.setenv("GROUNDWIRE_API_KEY", SECRET)
    variables = groundwire_command("ask", "why?")

    assert (options.code, variables.code) == (2, 2)
    assert options.err == "groundwire: --token-file and --api-key-file are two credentials: give one\n"
    assert variables.err == "groundwire: GROUNDWIRE_TOKEN and GROUNDWIRE_API_KEY are two credentials: unset one\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read: No such file or directory"),
        (b" \n", "is empty"),
        (b"a b", "must be printable ASCII"),
        ("Schlüssel".encode("latin-1"), "must be printable ASCII"),
        (b"x" * 70_000, "larger than 64 KiB"),
    ],
)
@pytest.mark.parametrize("option", ["--token-file", "--api-key-file"])
def test_a_file_that_holds_no_secret_is_wrong_usage(
    groundwire_command: Command, tmp_path: Path, option: str, content: bytes | None, says: str
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)

    ran = groundwire_command("ask", "why?", option, str(path))

    assert ran.code == 2
    assert says in ran.err
    assert ran.err.count("\n") == 1


def test_a_folder_is_no_secret(groundwire_command: Command, tmp_path: Path) -> None:
    ran = groundwire_command("ask", "why?", "--token-file", str(tmp_path))

    assert ran.code == 2
    assert "cannot be read: Is a directory" in ran.err


def test_a_credential_is_held_back_where_it_could_be_read_on_its_way(groundwire_command: Command, secret: str) -> None:
    ran = groundwire_command("ask", "why?", "--server", "203.0.113.7:50051", "--token-file", secret)

    assert ran.code == 2
    assert "add --tls" in ran.err
    assert SECRET not in ran.err


@pytest.mark.parametrize("arguments", [["--tls-cert", "--tls-key"], ["--tls-ca"]])
def test_a_file_that_is_no_pem_is_wrong_usage(
    groundwire_command: Command, tmp_path: Path, arguments: list[str]
) -> None:
    path = tmp_path / "not.pem"
    path.write_text("nothing")

    ran = groundwire_command("ask", "why?", *(word for option in arguments for word in (option, str(path))))

    assert ran.code == 2
    assert "does not hold a certificate in PEM" in ran.err


def test_a_certificate_without_its_key_is_wrong_usage(groundwire_command: Command, secret: str) -> None:
    ran = groundwire_command("ask", "why?", "--tls-cert", secret)

    assert ran.code == 2
    assert ran.err == "groundwire: --tls-cert and --tls-key belong together: give both, or neither\n"


def test_a_secured_server_is_asked(
    groundwire_command: Command, service: FakeService, secured: str, authority: Authority, tmp_path: Path
) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(authority.pem)

    ran = groundwire_command("ask", "why?", "--server", secured, "--tls-ca", str(path))

    assert ran.code == 0


def test_a_server_that_is_not_trusted_is_not_reached(groundwire_command: Command, secured: str) -> None:
    ran = groundwire_command("ask", "why?", "--server", secured, "--tls")

    assert ran.code == 3
    assert ran.err.count("\n") == 1
    assert "--tls-ca" in ran.err


def test_a_secured_server_asked_in_the_clear_is_not_reached(groundwire_command: Command, secured: str) -> None:
    ran = groundwire_command("ask", "why?", "--server", secured)

    assert ran.code == 3
    assert "groundwire doctor" in ran.err

"""What goes wrong with a server, for every command that has one: a line, and an exit code."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
import trustme
from google.rpc import code_pb2

from tests.cli.conftest import Ran
from tests.doubles.service import LOST, Failure, FakeService
from tests.doubles.tls import plaintext, showing

Command = Callable[..., Ran]

EVERY = pytest.mark.parametrize(
    "arguments",
    [
        ["ask", "where?"],
        ["retrieve", "where?"],
        ["ingest", "a.md"],
        ["documents", "list"],
        ["documents", "get", "a.md"],
        ["documents", "delete", "a.md", "--yes"],
    ],
    ids=" ".join,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the commands run: a document and a token."""
    monkeypatch.chdir(tmp_path)
    Path("a.md").write_text("text")
    Path("token").write_text("a.b.c")


def failed(ran: Ran) -> str:
    """The one line that the command ended with."""
    *before, line = ran.err.splitlines()
    assert before in ([], ["storing 1 document"])
    assert line.startswith("groundwire: ")
    assert ran.out == ""
    return line


@EVERY
def test_a_server_that_is_down(groundwire_command: Command, arguments: list[str]) -> None:
    ran = groundwire_command(*arguments, "--server", "127.0.0.1:1")

    assert ran.code == 3
    assert failed(ran) == (
        "groundwire: No groundwire server answers at 127.0.0.1:1: start one with `groundwire serve`, or correct the "
        "address; `groundwire doctor` says more"
    )


def test_a_server_that_is_lost_in_the_middle(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.broken = LOST

    ran = groundwire_command("ingest", "a.md", "--server", address)

    assert ran.code == 3
    assert f"The connection to the server at {address} was lost: see whether it still runs" in failed(ran)


@EVERY
@pytest.mark.parametrize(
    ("code", "reason", "do"),
    [
        (code_pb2.UNAUTHENTICATED, "UNAUTHENTICATED", "give --token-file or --api-key-file"),
        (code_pb2.PERMISSION_DENIED, "FORBIDDEN", "use a credential that has the role and the tenant"),
    ],
)
def test_a_token_that_is_refused(
    groundwire_command: Command,
    service: FakeService,
    address: str,
    arguments: list[str],
    code: int,
    reason: str,
    do: str,
) -> None:
    service.refused = Failure(code, "It is not accepted.", reason)

    ran = groundwire_command(*arguments, "--server", address, "--token-file", "token")

    assert ran.code == 4
    assert do in failed(ran)
    assert "a.b.c" not in ran.err


@contextmanager
def other() -> Iterator[str]:
    """A gRPC server that serves something else."""
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


@EVERY
def test_what_answers_is_another_server(groundwire_command: Command, arguments: list[str]) -> None:
    with other() as address:
        ran = groundwire_command(*arguments, "--server", address)

    assert ran.code == 4
    assert "does not offer this call: correct the address, or upgrade" in failed(ran)


@EVERY
@pytest.mark.parametrize(
    ("options", "do"),
    [
        ((), "add --tls"),
        (("--tls",), "name its authority with --tls-ca"),
        (("--tls-ca", "ca.pem"), "is for other host names"),
    ],
    ids=["plain", "unknown authority", "another name"],
)
def test_a_way_that_is_not_the_servers(
    groundwire_command: Command, arguments: list[str], options: tuple[str, ...], do: str
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path("ca.pem")
    proof = authority.issue_cert("elsewhere.example")
    Path("certificate.pem").write_bytes(b"".join(pem.bytes() for pem in proof.cert_chain_pems))
    proof.private_key_pem.write_to_path("key.pem")
    with showing(Path("certificate.pem"), Path("key.pem")) as port:
        ran = groundwire_command(*arguments, "--server", f"127.0.0.1:{port}", *options)

    assert ran.code == 3
    assert do in failed(ran)


@EVERY
def test_tls_to_a_server_without(groundwire_command: Command, arguments: list[str]) -> None:
    with plaintext() as port:
        ran = groundwire_command(*arguments, "--server", f"127.0.0.1:{port}", "--tls")

    assert ran.code == 3
    assert "does not use TLS: omit --tls" in failed(ran)

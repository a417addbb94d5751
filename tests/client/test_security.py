"""What a client sends to prove who asks, and over which connections."""

import asyncio
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import grpc
import pytest
import trustme

import groundwire
from groundwire.security import Credential, on_this_machine
from tests.doubles import events
from tests.doubles.service import FakeService, serving

HUSH = "hush-hush"
ELSEWHERE = ["answers.example:443", "10.0.0.7:50051", "127.example.com:1", "dns:///answers.example:443", "nonsense"]
HERE = ["127.0.0.1:50051", "localhost:1", "[::1]:50051", "unix:/run/groundwire.sock", "dns:///localhost:1"]
CLIENTS = [groundwire.Client, groundwire.SyncClient]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secured(service: FakeService, authority: trustme.CA) -> Iterator[str]:
    """A server that insists on a client certificate."""
    own = authority.issue_cert("localhost")
    chain = b"".join(blob.bytes() for blob in own.cert_chain_pems)
    pair = (own.private_key_pem.bytes(), chain)
    credentials = grpc.ssl_server_credentials([pair], authority.cert_pem.bytes(), require_client_auth=True)
    with serving(service, credentials) as address:
        yield address.replace("127.0.0.1", "localhost")


def call_everything(client: groundwire.SyncClient) -> int:
    """Make every call that there is; return how many."""
    client.answer("a")
    _ = list(client.stream("b"))
    client.cancel("in-flight")
    client.retrieve("c")
    _ = list(client.ingest([groundwire.Document(document_id="d")]))
    client.get_document("d")
    _ = list(client.list_documents())
    client.put_document(groundwire.Document(document_id="d"))
    client.delete_document("d")
    client.purge_documents(groundwire.Filter())
    client.corpus_version()
    client.routes()
    client.server_info()
    return 14


def test_every_call_carries_the_api_key(service: FakeService, address: str) -> None:
    service.otherwise = events.plain_answer()
    with groundwire.SyncClient(address, api_key=HUSH) as client:
        made = call_everything(client)
    assert [call.metadata.get("groundwire-api-key") for call in service.calls] == [HUSH] * made
    assert not any("authorization" in call.metadata for call in service.calls)


def test_every_call_asks_for_the_token_anew(service: FakeService, address: str) -> None:
    service.otherwise = events.plain_answer()
    numbers = count(1)
    with groundwire.SyncClient(address, token=lambda: f"t{next(numbers)}") as client:
        made = call_everything(client)
    assert [call.metadata["authorization"] for call in service.calls] == [f"Bearer t{n}" for n in range(1, made + 1)]


async def test_the_client_for_asyncio_asks_for_the_token_anew(service: FakeService, address: str) -> None:
    service.otherwise = events.plain_answer()
    numbers = count(1)
    async with groundwire.Client(address, token=lambda: f"t{next(numbers)}") as client:
        await client.answer("a")
        _ = [event async for event in client.stream("b")]
        _ = [result async for result in client.ingest([groundwire.Document(document_id="d")])]
        _ = [info async for info in client.list_documents()]
    assert [call.metadata["authorization"] for call in service.calls] == [f"Bearer t{n}" for n in range(1, 5)]


@pytest.mark.parametrize("make", CLIENTS)
@pytest.mark.parametrize("server", ELSEWHERE)
@pytest.mark.parametrize(
    "proof",
    [{"token": HUSH}, {"token": lambda: HUSH}, {"api_key": HUSH}],
    ids=["token", "source of tokens", "API key"],
)
def test_no_credential_goes_to_another_machine_in_the_clear(make: type, server: str, proof: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"give tls=groundwire\.Tls\(\)") as caught:
        make(server, **proof)
    assert HUSH not in str(caught.value)


@pytest.mark.parametrize("server", ELSEWHERE)
def test_without_a_credential_any_server_may_be_named(server: str) -> None:
    groundwire.SyncClient(server, tenant="acme").close()


@pytest.mark.parametrize("server", ELSEWHERE)
def test_a_secured_connection_may_carry_a_credential_anywhere(server: str, authority: trustme.CA) -> None:
    groundwire.SyncClient(server, token=HUSH, tls=groundwire.Tls(authority.cert_pem.bytes())).close()


@pytest.mark.parametrize("server", HERE)
def test_this_machine_is_known(server: str) -> None:
    assert on_this_machine(server)
    groundwire.SyncClient(server, token=HUSH).close()


@pytest.mark.parametrize("make", CLIENTS)
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"token": "a", "api_key": "b"}, "not both"),
        ({"token": ""}, "the token must be"),
        ({"token": f"{HUSH}\n"}, "the token must be"),
        ({"token": f"{HUSH} {HUSH}"}, "the token must be"),
        ({"api_key": f"{HUSH},{HUSH}"}, "the API key must be"),
        ({"api_key": f"{HUSH}é"}, "the API key must be"),
        ({"tls": groundwire.Tls(certificate=b"PEM")}, "belong together"),
        ({"tls": groundwire.Tls(key=b"PEM")}, "belong together"),
        ({"tls": groundwire.Tls(), "credentials": grpc.ssl_channel_credentials()}, "not both"),
    ],
)
def test_what_cannot_be_sent_is_refused_without_repeating_it(make: type, given: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        make("127.0.0.1:1", **given)
    assert HUSH not in str(caught.value)


def test_a_function_that_returns_no_token_is_refused_without_repeating_it(address: str) -> None:
    with (
        groundwire.SyncClient(address, token=lambda: f"{HUSH}\n") as client,
        pytest.raises(ValueError, match="the token must be") as caught,
    ):
        client.corpus_version()
    assert HUSH not in str(caught.value)


def test_a_credential_stays_out_of_its_repr() -> None:
    assert HUSH not in repr(Credential(token=HUSH)) + repr(Credential(api_key=HUSH)) + repr(groundwire.Tls(key=HUSH))


@pytest.mark.parametrize("as_files", [False, True])
async def test_both_ends_prove_themselves(
    service: FakeService, secured: str, authority: trustme.CA, tmp_path: Path, as_files: bool
) -> None:
    own = authority.issue_cert("search.example")
    parts = {
        "roots": authority.cert_pem.bytes(),
        "certificate": own.cert_chain_pems[0].bytes(),
        "key": own.private_key_pem.bytes(),
    }
    if as_files:
        for name, data in parts.items():
            (tmp_path / name).write_bytes(data)
        tls = groundwire.Tls(**{name: tmp_path / name for name in parts})
    else:
        tls = groundwire.Tls(**parts)

    async with groundwire.Client(secured, token=HUSH, tls=tls) as client:
        assert await client.corpus_version() == "v0"

    def as_thread() -> str:
        with groundwire.SyncClient(secured, token=HUSH, tls=tls) as client:
            return client.corpus_version()

    assert await asyncio.to_thread(as_thread) == "v0"
    assert [call.metadata["authorization"] for call in service.calls] == [f"Bearer {HUSH}"] * 2


async def test_a_server_of_another_authority_gets_nothing(service: FakeService, secured: str) -> None:
    tls = groundwire.Tls(trustme.CA().cert_pem.bytes())
    async with groundwire.Client(secured, token=HUSH, tls=tls) as client:
        with pytest.raises(groundwire.Error) as caught:
            await client.corpus_version(timeout=5)
    assert caught.value.unreachable
    assert service.calls == []

"""Clients for libraries that are called with asyncio and without it, in any event loop."""

import asyncio
import gc
import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import get_type_hints

import pytest
from grpc.aio import UsageError

import groundwire
from groundwire.clients import ClientOptions
from tests.doubles import events
from tests.doubles.service import FakeService


@pytest.fixture
def clients(service: FakeService, address: str) -> groundwire.Clients:
    service.otherwise = events.plain_answer()
    return groundwire.Clients(address, tenant="acme", subject="ada", principals=["staff"], timeout=5)


async def ask(clients: groundwire.Clients) -> groundwire.Client:
    client = clients.aio
    assert clients.aio is client
    assert (await client.answer("where?")).kind == "answered"
    return client


def test_one_made_outside_of_any_event_loop_serves_one_after_the_other(
    clients: groundwire.Clients, service: FakeService
) -> None:
    with clients:
        first = asyncio.run(ask(clients))
        second = asyncio.run(ask(clients))
        assert clients.sync.answer("where?").kind == "answered"

    assert first is not second
    assert len(service.calls) == 3
    assert {call.metadata["groundwire-principals"] for call in service.calls} == {"staff"}


def test_event_loops_of_several_threads_have_a_client_each(clients: groundwire.Clients) -> None:
    with clients, ThreadPoolExecutor(4) as threads:
        asked = list(threads.map(lambda _: asyncio.run(ask(clients)), range(4)))

    assert len({id(client) for client in asked}) == 4


def test_clients_of_loops_that_are_closed_are_not_kept(clients: groundwire.Clients) -> None:
    for _ in range(3):
        asyncio.run(ask(clients))
    gc.collect()

    assert repr(clients).endswith(", 1 event loops>")


async def test_closing_ends_the_client_of_the_running_loop(clients: groundwire.Clients) -> None:
    async with clients:
        client = await ask(clients)

    with pytest.raises(UsageError, match="closed"):
        await client.answer("where?", timeout=1)
    with pytest.raises(ValueError, match="closed channel"):
        clients.sync.answer("where?")


def test_there_is_no_client_for_asyncio_without_a_loop(clients: groundwire.Clients) -> None:
    with clients, pytest.raises(RuntimeError, match="no running event loop"):
        _ = clients.aio


def test_what_cannot_be_used_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="unencrypted"):
        groundwire.Clients("answers.example:443", token="t")


def test_no_credential_is_shown() -> None:
    with groundwire.Clients("localhost:1", token="a-secret-token") as clients:
        assert "secret" not in repr(clients)


def test_the_environment_is_read_when_they_are_made(
    service: FakeService, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.otherwise = events.plain_answer()
    monkeypatch.setenv("GROUNDWIRE_SERVER", address)
    monkeypatch.setenv("GROUNDWIRE_API_KEY", "gw_first")
    with groundwire.Clients.from_env(principals=["staff"]) as clients:
        monkeypatch.setenv("GROUNDWIRE_API_KEY", "gw_second")
        asyncio.run(ask(clients))

    assert service.calls[0].metadata["groundwire-api-key"] == "gw_first"


@pytest.mark.parametrize("client", [groundwire.Client, groundwire.SyncClient])
def test_every_option_of_a_client_can_be_given(client: type[groundwire.Client] | type[groundwire.SyncClient]) -> None:
    assert {*get_type_hints(ClientOptions), "self", "server"} == {*inspect.signature(client.__init__).parameters}

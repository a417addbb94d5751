"""The Python client against a real server: what is lost is gone on with, and what is left is ended."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

import groundwire
from tests.doubles.cable import cable
from tests.doubles.generator import DONE, ScriptedGenerator, Wait, draft
from tests.e2e.calls import ingest
from tests.e2e.conftest import Serve

SENTENCE = "Lambda expressions create anonymous functions."
QUESTION = "What are lambda expressions?"
QUICK = groundwire.Retry(initial_backoff=0.01)


def client_of(address: str) -> groundwire.Client:
    return groundwire.Client(address, tenant="acme", subject="alice", principals=["staff"], retry=QUICK)


@pytest.mark.parametrize("read_before", [1, 2, 3, 4])
async def test_a_stream_whose_connection_breaks_goes_on(serve: Serve, read_before: int) -> None:
    generator = ScriptedGenerator([Wait(0.05), *draft((SENTENCE, ["p1"])), Wait(0.05), DONE])
    async with serve(generator) as product, cable(product.address) as line, client_of(line.address) as client:
        await ingest(product, ("lambdas", SENTENCE))
        stream = client.stream(QUESTION)
        events = []
        async for event in stream:
            events.append(event)
            if len(events) == read_before:
                await line.cut()

    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]
    assert "".join(event.text_delta.text for event in events) == SENTENCE
    assert stream.outcome is not None
    assert stream.outcome.text == SENTENCE
    assert (len(generator.requests), generator.cancelled) == (1, 0)


async def test_an_answer_whose_connection_breaks_is_written_once(serve: Serve) -> None:
    generator = ScriptedGenerator([*draft((SENTENCE, ["p1"])), Wait(0.1), DONE])
    async with serve(generator) as product, cable(product.address) as line, client_of(line.address) as client:
        await ingest(product, ("lambdas", SENTENCE))
        answer = asyncio.create_task(client.answer(QUESTION))
        await generator.began.wait()
        await line.cut()
        outcome = await answer

    assert outcome.text == SENTENCE
    assert (len(generator.requests), generator.cancelled) == (1, 0)


async def leave_a_loop(client: groundwire.Client, generator: ScriptedGenerator) -> None:
    async for _ in client.stream(QUESTION):
        if generator.began.is_set():
            break


async def leave_an_answer(client: groundwire.Client, generator: ScriptedGenerator) -> None:
    answer = asyncio.create_task(client.answer(QUESTION))
    await generator.began.wait()
    answer.cancel()
    await asyncio.wait([answer])


@pytest.mark.parametrize("leave", [leave_a_loop, leave_an_answer])
async def test_what_is_left_is_ended_at_once(
    serve: Serve, leave: Callable[[groundwire.Client, ScriptedGenerator], Awaitable[None]]
) -> None:
    generator = ScriptedGenerator([*draft((SENTENCE, ["p1"])), Wait(60.0), DONE])
    async with serve(generator) as product, client_of(product.address) as client:
        await ingest(product, ("lambdas", SENTENCE))
        await leave(client, generator)
        async with asyncio.timeout(5):
            await generator.ended.wait()

    assert generator.cancelled == 1


async def test_a_thread_that_leaves_a_stream_ends_it_at_once(serve: Serve) -> None:
    generator = ScriptedGenerator([*draft((SENTENCE, ["p1"])), Wait(60.0), DONE])

    def leave(address: str) -> None:
        with groundwire.SyncClient(address, tenant="acme", principals=["staff"]) as client:
            for event in client.stream(QUESTION):
                if event.HasField("text_delta"):
                    break

    async with serve(generator) as product:
        await ingest(product, ("lambdas", SENTENCE))
        await asyncio.to_thread(leave, product.address)
        async with asyncio.timeout(5):
            await generator.ended.wait()

    assert generator.cancelled == 1


async def test_the_server_says_what_it_offers(serve: Serve) -> None:
    async with serve() as product, client_of(product.address) as client:
        routes = await client.routes()
        info = await client.server_info()

    assert [route.name for route in routes] == ["default"]
    assert (info.caller.tenant, info.caller.subject) == ("acme", "alice")

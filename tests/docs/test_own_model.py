"""The model of the how-to page keeps what every Generator keeps, and maps what an endpoint does to causes."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from docs.examples.chat_model import ChatModel, chat_model
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, FinishReason, Usage
from groundwire_server.domain.vocabulary import Cause
from tests.contract import test_generator as suite
from tests.doubles.generator import draft, letters

# The contract suite, run over the `generator` of this module.
globals().update({name: test for name, test in vars(suite).items() if name.startswith("test_")})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Opened = Callable[[Handler], Awaitable[ChatModel]]

USAGE: dict[str, object] = {"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 20}}


def event(text: str = "", finish: str | None = None) -> dict[str, object]:
    return {"choices": [{"delta": {"content": text} if text else {}, "finish_reason": finish}]}


def writing(*events: dict[str, object], done: bool = True) -> Handler:
    """An endpoint that streams these."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for each in events:
            await response.write(f"data: {json.dumps(each)}\n\n".encode())
        if done:
            await response.write(b"data: [DONE]\n\n")
        return response

    return handle


def failing(status: int, **headers: str) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers=headers, text="a secret of the endpoint")

    return handle


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    """Opens the model over an endpoint of the test."""
    servers: list[TestServer] = []
    async with aiohttp.ClientSession() as session:

        async def open_(handler: Handler) -> ChatModel:
            app = web.Application()
            app.router.add_post("/v1/chat/completions", handler)
            server = TestServer(app, host="127.0.0.1")
            await server.start_server()
            servers.append(server)
            return ChatModel(session, str(server.make_url("/v1/chat/completions")), "some-model", key="not-shown")

        yield open_
    for server in servers:
        await server.close()


@pytest.fixture
async def generator(opened: Opened) -> ChatModel:
    """What the suite runs over."""
    pieces = letters(draft(("Parcels wait in the mail room.", ["p1"])))
    return await opened(writing(*map(event, pieces), event(finish="stop"), USAGE))


async def test_usage_is_what_the_endpoint_counted(generator: ChatModel) -> None:
    last = (await suite.pieces(generator))[-1]
    assert last == Finish(FinishReason.COMPLETE, Usage(100, 20))


async def test_usage_is_estimated_where_the_endpoint_counts_none(opened: Opened) -> None:
    model = await opened(writing(event("{}"), event(finish="length")))
    last = (await suite.pieces(model))[-1]
    assert isinstance(last, Finish)
    assert last.reason is FinishReason.LENGTH
    assert last.usage.estimated


@pytest.mark.parametrize(
    ("handler", "cause"),
    [
        (failing(401), Cause.MODEL_MISCONFIGURED),
        (failing(404), Cause.MODEL_MISCONFIGURED),
        (failing(429), Cause.MODEL_RATE_LIMITED),
        (failing(503), Cause.MODEL_UNAVAILABLE),
        (writing(event("{"), event(finish="content_filter")), Cause.MODEL_CONTENT_FILTERED),
        (writing(event("{"), done=False), Cause.MODEL_INTERRUPTED),
    ],
)
async def test_what_the_endpoint_does_becomes_a_cause(opened: Opened, handler: Handler, cause: Cause) -> None:
    with pytest.raises(Failure) as failure:
        await suite.pieces(await opened(handler))
    assert failure.value.cause is cause
    assert "secret" not in repr(failure.value)


async def test_the_endpoint_says_when_to_come_back(opened: Opened) -> None:
    with pytest.raises(Failure) as failure:
        await suite.pieces(await opened(failing(429, **{"Retry-After": "7"})))
    assert failure.value.retry_after == 7.0


async def test_an_endpoint_that_nobody_serves_is_unavailable() -> None:
    async with chat_model("http://127.0.0.1:1/v1/chat/completions", "some-model") as model:
        with pytest.raises(Failure) as failure:
            await suite.pieces(model)
    assert failure.value.cause is Cause.MODEL_UNAVAILABLE


async def test_an_endpoint_that_stalls_ends_with_the_deadline(opened: Opened) -> None:
    stalled = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        response = await writing(event("{"), done=False)(request)
        await stalled.wait()
        return response

    model = await opened(handle)
    try:
        with pytest.raises(Failure) as failure:
            await suite.pieces(model, Deadline(asyncio.get_running_loop().time() + 0.1))
    finally:
        stalled.set()
    assert failure.value.cause is Cause.MODEL_TIMEOUT


async def test_closing_it_leaves_the_endpoint(opened: Opened) -> None:
    left = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        response = await writing(event("{"), done=False)(request)
        try:
            await asyncio.Event().wait()  # until the server cancels it, as its client has left
        finally:
            left.set()
        return response

    model = await opened(handle)
    async with aclosing(model.generate(suite.ask(), NEVER)) as pieces:
        assert await anext(pieces) == "{"
    await asyncio.wait_for(left.wait(), 10)

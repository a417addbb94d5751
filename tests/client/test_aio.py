"""What only a client for asyncio meets: tasks that are cancelled, and more than one at a stream."""

import asyncio
from unittest.mock import AsyncMock

import pytest

import groundwire
from groundwire._aio.calls import Canceller
from groundwire.v1.answer_service_pb2 import CancelAnswerRequest
from tests.client._aio import until
from tests.doubles import events
from tests.doubles.service import FakeService, UntilCancelled

SLOW = (events.started(), UntilCancelled())


@pytest.mark.parametrize("retry", [groundwire.Retry(), None])
async def test_cancelling_an_answers_task_ends_the_answer(
    address: str, service: FakeService, retry: groundwire.Retry | None
) -> None:
    service.otherwise = (UntilCancelled(),)
    async with groundwire.Client(address, tenant="acme", retry=retry) as client:
        task = asyncio.create_task(client.answer("slow"))
        assert await until(service.waiting)

        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
        assert await until(service.cancelled)

    # An answer with an id is kept for its caller's next attempt: it is ended by name.
    assert service.cancelled_ids == ([service.calls[0].request.request_id] if retry else [])


async def test_cancelling_a_readers_task_ends_the_answer(address: str, service: FakeService) -> None:
    service.otherwise = SLOW
    stream: groundwire.AnswerStream

    async def read() -> None:
        async for _ in stream:
            pass

    async with groundwire.Client(address, tenant="acme") as client:
        stream = client.stream("slow")
        task = asyncio.create_task(read())
        assert await until(service.waiting)

        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
        assert await until(service.cancelled)
        assert await until(service.named)
    assert service.cancelled_ids == [stream.request_id]


async def test_a_wait_that_is_given_up_ends_the_answer(address: str, service: FakeService) -> None:
    service.otherwise = SLOW
    async with groundwire.Client(address, tenant="acme") as client:
        stream = client.stream("slow")
        await stream.read()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stream.read(), 0.01)

        assert await stream.read() is None
        assert await until(service.cancelled)
        assert await until(service.named)


async def test_another_task_may_close_a_stream_and_its_reader_goes_on(address: str, service: FakeService) -> None:
    service.otherwise = SLOW
    async with groundwire.Client(address, tenant="acme") as client:
        stream = client.stream("slow")
        await stream.read()
        reader = asyncio.create_task(stream.read())
        assert await until(service.waiting)

        await stream.aclose()

        assert await reader is None
        assert await until(service.cancelled)


def test_what_is_left_after_its_loop_has_closed_is_dropped_in_silence() -> None:
    canceller = Canceller(AsyncMock())

    async def begin() -> None:
        canceller.prepare()

    asyncio.run(begin())
    canceller.cancel(None, CancelAnswerRequest(request_id="request-1"), ())

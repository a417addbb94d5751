"""Writing events to a stream."""

import asyncio
from typing import Any

import grpc.aio

from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire_server.domain.event import NumberedEvent
from groundwire_server.domain.failure import GroundwireError
from groundwire_server.edge.convert.event import event_to_pb


class SlowConsumerError(GroundwireError):
    """Nobody reads the stream any more, or too slowly."""


class StreamSink:
    """Writes the events of a stream, each within a bounded time.

    A reader that stops lets some megabytes pass before a write waits, so a bound on time also bounds memory.
    """

    def __init__(self, context: "grpc.aio.ServicerContext[Any, StreamAnswerResponse]", write_seconds: float) -> None:
        self._context = context
        self._write_seconds = write_seconds

    async def emit(self, event: NumberedEvent) -> None:
        """Write one event.

        Raises:
            SlowConsumerError: when it cannot be written in time, or the stream has ended.
        """
        await write_bounded(self._context, event_to_pb(event), self._write_seconds)


async def write_bounded(context: "grpc.aio.ServicerContext[Any, Any]", message: Any, seconds: float) -> None:
    """Write a message of a stream.

    Raises:
        SlowConsumerError: when it cannot be written in time, or the stream has ended.
    """
    guard = asyncio.timeout(seconds)
    try:
        async with guard:
            await context.write(message)
    except grpc.aio.BaseError:
        raise SlowConsumerError from None
    except TimeoutError:
        if guard.expired():
            raise SlowConsumerError from None
        raise

"""Writing events to a stream."""

import asyncio
from typing import Any

import grpc.aio

from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire_server.domain.answer import Citation
from groundwire_server.domain.event import Event, Retraction, TextDelta
from groundwire_server.edge.convert.event import event_to_pb


class ReaderGone(Exception):
    """Nobody reads the stream any more, or too slowly."""


class StreamSink:
    """Numbers events from 1 and writes them, each within a bounded time.

    A reader that stops lets some megabytes pass before a write waits, so a bound on time also bounds memory.
    """

    def __init__(self, context: "grpc.aio.ServicerContext[Any, StreamAnswerResponse]", write_seconds: float) -> None:
        self._context = context
        self._write_seconds = write_seconds
        self._sequence = 0
        self._first_retractable = 0

    async def emit(self, event: Event) -> None:
        """Write one event.

        Raises:
            ReaderGone: when it cannot be written in time, or the stream has ended.
        """
        self._sequence += 1
        if isinstance(event, TextDelta | Citation) and not self._first_retractable:
            self._first_retractable = self._sequence
        message = event_to_pb(event, self._sequence, self._first_retractable)
        if isinstance(event, Retraction):
            self._first_retractable = 0
        guard = asyncio.timeout(self._write_seconds)
        try:
            async with guard:
                await self._context.write(message)
        except grpc.aio.BaseError:
            raise ReaderGone from None
        except TimeoutError:
            if guard.expired():
                raise ReaderGone from None
            raise

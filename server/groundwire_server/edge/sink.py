"""Writing events to a stream."""

import asyncio
from contextlib import suppress
from typing import Any, Final, Self

import grpc.aio

from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire.v1.event_pb2 import Heartbeat
from groundwire_server.domain.event import NumberedEvent, TextDelta
from groundwire_server.domain.failure import GroundwireError
from groundwire_server.domain.outcome import Outcome
from groundwire_server.edge.convert.event import event_to_pb
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry.metrics import BETWEEN_TEXTS

HEARTBEAT_SECONDS: Final = 10.0
"""How long a stream is silent before it says that it is alive."""


class SlowConsumerError(GroundwireError):
    """Nobody reads the stream any more, or too slowly."""


class StreamSink:
    """Writes the events of a stream, each within a bounded time, and heartbeats while there is nothing else to say.

    A reader that stops lets some megabytes pass before a write waits, so a bound on time also bounds memory.
    A heartbeat belongs to the connection and not to the run: it repeats the number of the event before it, and no log
    keeps it. The sink is used with `async with`, for as long as the stream lasts.

    Args:
        context: gRPC's own.
        write_seconds: how long a write may take.
        after: the number of the last event that the reader has.
        recorder: takes the time between texts.

    Attributes:
        outcome: the outcome, once it has been given to gRPC: a reader may have it although the call is cancelled.
    """

    def __init__(
        self,
        context: "grpc.aio.ServicerContext[Any, StreamAnswerResponse]",
        write_seconds: float,
        after: int,
        recorder: Metrics,
    ) -> None:
        self._context = context
        self._write_seconds = write_seconds
        self._sequence = after
        self._loop = asyncio.get_running_loop()
        self._wrote_at = self._loop.time()
        self._writing = False
        self._timer: asyncio.TimerHandle | None = None
        self._heartbeat: asyncio.Task[None] | None = None
        self._metrics = recorder
        self._text_at: float | None = None
        self.outcome: Outcome | None = None

    async def __aenter__(self) -> Self:
        self._timer = self._loop.call_later(HEARTBEAT_SECONDS, self._tick)
        return self

    async def __aexit__(self, *raised: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._heartbeat is not None:
            self._heartbeat.cancel()
            await asyncio.wait([self._heartbeat])

    async def emit(self, event: NumberedEvent) -> None:
        """Write one event.

        Raises:
            SlowConsumerError: when it cannot be written in time, or the stream has ended.
        """
        if self._heartbeat is not None and not self._heartbeat.done():
            # One write at a time; what became of that one, this one meets too. Waiting for one that has ended would
            # leave a moment in which the next may begin.
            await asyncio.wait([self._heartbeat])
        self._sequence = event.sequence
        if isinstance(event.event, TextDelta):
            now = self._loop.time()
            if self._text_at is not None:
                self._metrics.record(BETWEEN_TEXTS, now - self._text_at)
            self._text_at = now
        if isinstance(event.event, Outcome):
            self.outcome = event.event
        try:
            await self._write(event_to_pb(event))
        except SlowConsumerError:
            self.outcome = None
            raise

    async def _write(self, message: StreamAnswerResponse) -> None:
        self._writing = True
        try:
            await write_bounded(self._context, message, self._write_seconds)
        finally:
            self._writing = False
            self._wrote_at = self._loop.time()

    def _tick(self) -> None:
        """Send a heartbeat if it is time for one, and look again when the next could be due."""
        now = self._loop.time()
        due = self._wrote_at + HEARTBEAT_SECONDS
        if self._writing or now < due:
            self._timer = self._loop.call_at(max(due, now + HEARTBEAT_SECONDS / 10), self._tick)
            return
        self._heartbeat = self._loop.create_task(self._beat())
        self._timer = self._loop.call_later(HEARTBEAT_SECONDS, self._tick)

    async def _beat(self) -> None:
        # A reader that is gone or slow is met by the next event, and told there.
        with suppress(SlowConsumerError):
            await self._write(StreamAnswerResponse(sequence=self._sequence, heartbeat=Heartbeat()))


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

"""The events of one answer."""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

import grpc

from groundwire._aio.calls import INTERRUPTED, EventsCall, next_event, sleep
from groundwire._async.connection import Connection
from groundwire.caller import Metadata
from groundwire.errors import Error, ended_early
from groundwire.outcomes import Outcome
from groundwire.progress import Progress, checked_text
from groundwire.v1.answer_service_pb2 import StreamAnswerRequest, StreamAnswerResponse

_FORGOTTEN = "RUN_NOT_FOUND"


class AnswerStream:
    """The events of one answer, to be read with ``async for``; the question is sent when the first is read.

    Leaving the loop, closing the stream or the client, or dropping it ends the answer at the server; `detach` leaves it
    going. When the connection is lost, the stream goes on where it was, if the answer has a resume window.

    Args:
        connection: to the server.
        request: what is asked.
        timeout: seconds that all of it may take; None takes the client's.
    """

    def __init__(self, connection: Connection, request: StreamAnswerRequest, timeout: float | None) -> None:
        self._connection = connection
        self._progress = Progress(request)
        self._attempts = connection.attempts(timeout)
        self._metadata: Metadata = ()
        self._call: EventsCall | None = None
        self._lost: Error | None = None
        self._begun = self._ended = False

    @property
    def request_id(self) -> str:
        """The id under which the answer can be resumed or cancelled; empty when the server chooses one."""
        return self._progress.request_id

    @property
    def last_sequence(self) -> int:
        """The number of the last event that was read; 0 before the first."""
        return self._progress.last_sequence

    @property
    def outcome(self) -> Outcome | None:
        """How the question ended, once its event was read."""
        return self._progress.outcome

    def __aiter__(self) -> AsyncIterator[StreamAnswerResponse]:
        return _Events(self)

    async def text(self) -> AsyncIterator[str]:
        """Yield the pieces of the answer's text, each checked before it left the server: none is taken back.

        Raises:
            ValueError: when the stream is a provisional one, whose text may be taken back.
            Error: when the call fails.
        """
        self._progress.require_checked()
        async for event in self:
            if event.HasField("text_delta"):
                yield checked_text(event.text_delta)

    async def read(self) -> StreamAnswerResponse | None:
        """Return the next event; None after the last, and once the stream was left.

        Raises:
            Error: when the call fails, and could not be resumed.
        """
        try:
            while not self._ended:
                event = await self._received()
                if event is not None and self._progress.take(event):
                    self._attempts.progressed()
                    return event
        except (INTERRUPTED, Error):
            self.leave()
            raise
        return None

    def leave(self) -> None:
        """End the answer at the server, unless it has ended, without waiting for that."""
        if self._end():
            going_on = self._progress.goes_on and self.outcome is None
            self._connection.cancel(self._call, self.request_id if going_on else "", self._metadata)

    def detach(self) -> None:
        """Leave the stream, and the answer going for its resume window: `request_id` and `last_sequence` resume it."""
        if self._end():
            self._connection.cancel(self._call, "", self._metadata)

    async def aclose(self) -> None:
        """Leave the stream."""
        self.leave()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def __del__(self) -> None:
        self.leave()

    def __repr__(self) -> str:
        state = "ended" if self._ended else "open" if self._begun else "not begun"
        return f"<groundwire.{type(self).__name__} {self.request_id!r}, {state}, {self.last_sequence} events read>"

    async def _received(self) -> StreamAnswerResponse | None:
        """Return the next event that comes, even if it was read before; None when there was none."""
        try:
            event = await next_event(self._call or self._send())
        except grpc.RpcError as failed:
            if self.outcome is not None:
                # Nothing follows an outcome: what is lost then is the end of the call alone.
                self._end()
            elif not self._ended:
                await self._recover(self._connection.error(failed))
            return None
        self._connection.answered()
        if event is not None:
            return event
        if self._progress.complete:
            self._end()
            self._attempts.succeeded()
        elif not self._ended:
            await self._recover(ended_early(self.request_id))
        return None

    def _send(self) -> EventsCall:
        """Ask for the events that were not read yet."""
        self._metadata = self._connection.metadata()
        if not self._begun:
            self._begun = True
            self._connection.begin(self)
        self._call = self._connection.answers.StreamAnswer(
            self._progress.request, timeout=self._attempts.time_left, metadata=self._metadata
        )
        return self._call

    async def _recover(self, error: Error) -> None:
        """Wait until the question may be sent again, or raise what went wrong."""
        wait = self._attempts.wait_after(error) if self._progress.resumable else None
        if wait is None:
            self._end()
            # The server has forgotten the answer: what went wrong is that the connection was lost.
            raise (self._lost if self._lost is not None and error.reason == _FORGOTTEN else error) from None
        if error.connection_lost:
            self._lost = error
        self._call = None
        await sleep(wait)

    def _end(self) -> bool:
        """End the reading; return whether there was something to end."""
        begun = self._begun and not self._ended
        self._ended = True
        self._connection.end(self)
        return begun


class _Events:
    """One loop over a stream: whatever way the loop ends, the stream is left."""

    def __init__(self, stream: AnswerStream) -> None:
        self._stream = stream

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamAnswerResponse:
        event = await self._stream.read()
        if event is None:
            raise StopAsyncIteration
        return event

    def __del__(self) -> None:
        self._stream.leave()

"""Calls under asyncio: waiting, watching the connection, and ending what nobody waits for."""

import asyncio
import contextlib
from typing import TypeAlias

import grpc
import grpc.aio

from groundwire.caller import Metadata
from groundwire.v1.answer_service_pb2 import (
    CancelAnswerRequest,
    CancelAnswerResponse,
    StreamAnswerRequest,
    StreamAnswerResponse,
)

EventsCall: TypeAlias = "grpc.aio.UnaryStreamCall[StreamAnswerRequest, StreamAnswerResponse]"
CancelMethod: TypeAlias = "grpc.aio.UnaryUnaryMultiCallable[CancelAnswerRequest, CancelAnswerResponse]"

INTERRUPTED = asyncio.CancelledError
"""What is raised in a caller that is to stop waiting."""

_CANCEL_TIMEOUT = 2.0

sleep = asyncio.sleep


async def next_event(call: EventsCall) -> StreamAnswerResponse | None:
    """Return the next event; None after the last, or when the call was cancelled by another task."""
    try:
        event = await call.read()
        return event if isinstance(event, StreamAnswerResponse) else None
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return None


def is_down(channel: grpc.aio.Channel) -> bool:
    """Return whether the last attempt to connect failed."""
    return channel.get_state() is grpc.ChannelConnectivity.TRANSIENT_FAILURE


class Canceller:
    """Ends answers that nobody waits for any more, in the background.

    Args:
        method: how to end an answer by its id.
    """

    def __init__(self, method: CancelMethod) -> None:
        self._method = method
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sending: set[asyncio.Task[None]] = set()

    def prepare(self) -> None:
        """Make `cancel` possible; to be called where the answer is asked for."""
        self._loop = asyncio.get_running_loop()

    def cancel(self, call: "EventsCall | None", request: CancelAnswerRequest | None, metadata: Metadata) -> None:
        """End a call, and the answer that goes on without it; from any thread, and from a finalizer.

        Args:
            call: the call to end, if it is still there.
            request: names the answer that goes on without a call, if it does.
            metadata: identifies the caller.
        """
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and its calls with it
                self._loop.call_soon_threadsafe(self._cancel, call, request, metadata)

    async def close(self) -> None:
        """Wait until what was to be cancelled is, for a bounded time."""
        await asyncio.sleep(0)  # what other threads have handed over comes first
        if self._sending:
            await asyncio.wait(self._sending)

    def _cancel(self, call: "EventsCall | None", request: CancelAnswerRequest | None, metadata: Metadata) -> None:
        if call is not None:
            call.cancel()
        if request is not None:
            sending = asyncio.create_task(self._send(request, metadata))
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)

    async def _send(self, request: CancelAnswerRequest, metadata: Metadata) -> None:
        with contextlib.suppress(grpc.RpcError):  # the answer's own time ends it then
            await self._method(request, timeout=_CANCEL_TIMEOUT, metadata=metadata)

"""Calls without asyncio: waiting, watching the connection, and ending what nobody waits for."""

import contextlib
import threading
import time
import weakref
from queue import Empty, SimpleQueue
from typing import TypeAlias

import grpc

from groundwire.caller import Metadata
from groundwire.v1.answer_service_pb2 import CancelAnswerRequest, CancelAnswerResponse, StreamAnswerResponse

EventsCall: TypeAlias = "grpc._CallIterator[StreamAnswerResponse]"  # noqa: SLF001  # its only name
CancelMethod: TypeAlias = "grpc.UnaryUnaryMultiCallable[CancelAnswerRequest, CancelAnswerResponse]"

INTERRUPTED = KeyboardInterrupt
"""What is raised in a caller that is to stop waiting."""

_CANCEL_TIMEOUT = 2.0
_STATE_TIMEOUT = 1.0

_Leaving: TypeAlias = "tuple[EventsCall | None, CancelAnswerRequest | None, Metadata]"

sleep = time.sleep


def next_event(call: EventsCall) -> StreamAnswerResponse | None:
    """Return the next event; None after the last."""
    return next(call, None)


def is_down(channel: grpc.Channel) -> bool:
    """Return whether the last attempt to connect failed."""
    states: SimpleQueue[grpc.ChannelConnectivity] = SimpleQueue()
    channel.subscribe(states.put)  # tells the present state first, from a thread of its own
    try:
        return states.get(timeout=_STATE_TIMEOUT) is grpc.ChannelConnectivity.TRANSIENT_FAILURE
    except Empty:
        return False
    finally:
        channel.unsubscribe(states.put)


class Canceller:
    """Ends answers that nobody waits for any more, in the background.

    A finalizer may run in the middle of anything, so it must not wait for a lock: what it leaves goes through a queue
    that is made for that, to a thread that does the work.

    Args:
        method: how to end an answer by its id.
    """

    def __init__(self, method: CancelMethod) -> None:
        self._method = method
        self._left: SimpleQueue[_Leaving | None] = SimpleQueue()
        self._starting = threading.Lock()
        self._stop: weakref.finalize[[SimpleQueue[_Leaving | None], threading.Thread], Canceller] | None = None

    def prepare(self) -> None:
        """Make `cancel` possible; to be called where the answer is asked for."""
        with self._starting:
            if self._stop is None:
                thread = threading.Thread(
                    target=_cancel_each, args=(self._left, self._method), name="groundwire-cancel", daemon=True
                )
                thread.start()
                self._stop = weakref.finalize(self, _stop, self._left, thread)

    def cancel(self, call: "EventsCall | None", request: CancelAnswerRequest | None, metadata: Metadata) -> None:
        """End a call, and the answer that goes on without it; from any thread, and from a finalizer.

        Args:
            call: the call to end, if it is still there.
            request: names the answer that goes on without a call, if it does.
            metadata: identifies the caller.
        """
        self._left.put((call, request, metadata))

    def close(self) -> None:
        """Wait until what was to be cancelled is, for a bounded time."""
        if self._stop is not None:
            self._stop()


def _cancel_each(left: "SimpleQueue[_Leaving | None]", method: CancelMethod) -> None:
    while (leaving := left.get()) is not None:
        call, request, metadata = leaving
        if call is not None:
            call.cancel()
        if request is not None:
            with contextlib.suppress(grpc.RpcError):  # the answer's own time ends it then
                method(request, timeout=_CANCEL_TIMEOUT, metadata=metadata)


def _stop(left: "SimpleQueue[_Leaving | None]", thread: threading.Thread) -> None:
    left.put(None)
    if thread is not threading.current_thread():
        thread.join(_CANCEL_TIMEOUT)

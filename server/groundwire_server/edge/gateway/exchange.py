"""A call of the gateway: a task of its own behind the interceptors, whatever the protocol it came by."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.convert.request import RequestFormat
from groundwire_server.edge.gateway.context import HttpContext
from groundwire_server.edge.limits import RECEIVE_LIMIT
from groundwire_server.edge.statuses import StatusParts, aborted

_log = logging.getLogger(__name__)


class HttpExchange:
    """Serves one call of gRPC's handler over HTTP.

    Args:
        handler: behind the interceptors; `stream_stream`.
        context: of the call.
    """

    def __init__(self, handler: Any, context: HttpContext) -> None:
        self._handler = handler
        self.context = context
        if handler.request_deserializer is not None:
            # Without our interceptors, gRPC itself would read the requests.
            context.parse = RequestFormat(handler.request_deserializer, RECEIVE_LIMIT).read
        self._task: asyncio.Task[None] | None = None
        self._cancelled = Reason.CANCELLED

    async def begin(self) -> bool:
        """Begin the call; return whether it is to be given its request. It has ended where it is not."""
        self._task = asyncio.create_task(self._serve())
        # A task that is cancelled before it begins runs nothing of its own.
        self._task.add_done_callback(lambda _: self.context.end())
        await self.context.reading.wait()
        return not self._task.done()

    @property
    def ended(self) -> "asyncio.Task[None]":
        """The task, which is done when the call has ended."""
        assert self._task is not None, "the exchange has begun"  # noqa: S101  # for the type checker
        return self._task

    async def responses(self) -> AsyncIterator[Any]:
        """Yield the responses; each has been sent when the next is asked for."""
        while (response := await self.context.next_response()) is not None:
            yield response

    async def status(self) -> StatusParts:
        """Return what the call ended with, once it has."""
        await asyncio.wait([self.ended])
        return self.context.status

    async def cancel(self, reason: Reason) -> None:
        """Cancel the call where it still runs, and wait for its end.

        Args:
            reason: what it ends with: CANCELLED or DEADLINE_EXCEEDED.
        """
        if self._task is not None and not self._task.done():
            self.stop(reason)
            await asyncio.wait([self._task])

    def stop(self, reason: Reason) -> None:
        """Cancel the call."""
        self._cancelled = reason
        self.ended.cancel()

    async def _serve(self) -> None:
        context = self.context
        try:
            await self._handler.stream_stream(None, context)
        except grpc.aio.AbortError:
            pass
        except asyncio.CancelledError:
            if context.status[0] is grpc.StatusCode.OK:
                self._end(self._cancelled)
        except Exception as error:  # noqa: BLE001  # the edge: the caller gets a status without its text
            _log.error("%s: %s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            self._end(Reason.INTERNAL)

    def _end(self, reason: Reason) -> None:
        """End with a status, and the trailing metadata that the call has so far.

        It has no details where the transport ends the call, as with gRPC, whose clients then make the status.
        """
        code, message, _ = aborted(Rejection(reason))
        self.context.set_code(code)
        self.context.set_details(message)

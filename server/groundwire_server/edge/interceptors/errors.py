"""From exceptions to statuses, in one place."""

import asyncio
import logging
import traceback
from typing import ClassVar

import grpc
import grpc.aio

from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.call import Call
from groundwire_server.edge.interceptors.chain import Proceed, Reasons
from groundwire_server.edge.interceptors.context import RequestId
from groundwire_server.edge.sink import SlowConsumerError
from groundwire_server.edge.statuses import aborted, rejection_of
from groundwire_server.telemetry import names

_log = logging.getLogger(__name__)


class ErrorMapping:
    """Ends a failed call with a status that has details; an exception's own text never leaves the server."""

    inside: ClassVar[Reasons] = {RequestId: "every status carries the request id in its trailing metadata"}

    async def intercept(self, call: Call, proceed: Proceed) -> None:
        """Serve the call; abort it when an exception is raised."""
        try:
            await proceed()
        except Rejection as rejection:
            await self._abort(call, rejection)
        except Failure as failure:
            await self._abort(call, rejection_of(failure))
        except SlowConsumerError:
            await self._abort(call, Rejection(Reason.CANCELLED))
        except (asyncio.CancelledError, grpc.aio.AbortError):
            raise
        except Exception as error:  # noqa: BLE001  # the edge: the caller gets a status without its text
            _log.error(
                "%s failed: %s at %s",
                call.method,
                type(error).__name__,
                "".join(traceback.format_tb(error.__traceback__)),
                extra={"request_id": call.request_id, "trace_id": call.trace_id},
            )
            await self._abort(call, Rejection(Reason.INTERNAL))

    async def _abort(self, call: Call, rejection: Rejection) -> None:
        call.status, message, trailers = aborted(rejection)
        call.reason = rejection.reason
        call.span.set_attribute(names.REASON, rejection.reason.value)
        await call.context.abort(call.status, message, (*call.trailers, *trailers))

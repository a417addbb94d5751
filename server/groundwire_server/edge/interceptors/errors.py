"""From exceptions to statuses, in one place."""

import asyncio
import logging
import traceback
from contextlib import suppress
from typing import ClassVar, Final

import grpc
import grpc.aio

from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.call import Call
from groundwire_server.edge.interceptors.chain import Proceed, Reasons
from groundwire_server.edge.interceptors.context import RequestId
from groundwire_server.edge.sink import SlowConsumerError
from groundwire_server.edge.statuses import StatusParts, aborted, rejection_of, set_status
from groundwire_server.ports.operations import RecordsError
from groundwire_server.telemetry import names

_STATUS_SECONDS: Final = 1.0
"""How long the status of a call may take whose client does not read."""

_log = logging.getLogger(__name__)


class ErrorMapping:
    """Ends a failed call with a status that has details; an exception's own text never leaves the server."""

    inside: ClassVar[Reasons] = {RequestId: "every status carries the request id in its trailing metadata"}

    async def intercept(self, call: Call, proceed: Proceed) -> None:
        """Serve the call; end it with a status when an exception is raised."""
        try:
            await proceed()
        except Rejection as rejection:
            set_status(call.context, _status(call, rejection))
        except Failure as failure:
            set_status(call.context, _status(call, rejection_of(failure)))
        except RecordsError:
            set_status(call.context, _status(call, Rejection(Reason.RECORDS_UNAVAILABLE)))
        except SlowConsumerError:
            await self._give_up(call)
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
            set_status(call.context, _status(call, Rejection(Reason.INTERNAL)))

    async def _give_up(self, call: Call) -> None:
        """End a call whose client does not read.

        gRPC sends the status behind what waits to be read, and cannot send one while the first response waits.
        """
        with suppress(grpc.aio.BaseError, TimeoutError):
            async with asyncio.timeout(_STATUS_SECONDS):
                await call.context.abort(*_status(call, Rejection(Reason.CANCELLED)))
        raise asyncio.CancelledError


def _status(call: Call, rejection: Rejection) -> StatusParts:
    """Record why a call fails, and return what it ends with."""
    call.status, message, trailers = aborted(rejection)
    call.reason = rejection.reason
    call.span.set_attribute(names.REASON, rejection.reason.value)
    return call.status, message, (*call.trailers, *trailers)

"""Following operations until they are done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.operation import Operation, OperationKey
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.interceptors.limits import Places
from groundwire_server.edge.long_calls import LongCalls
from groundwire_server.edge.options import ArrivalOptions
from groundwire_server.edge.queue import QueuedAnswers
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.operations import OperationRecords, Subscription, ended

POLL_SECONDS: Final = 1.0
"""How long a change may go unseen that no wake-up has told: another process may have no broker."""


class Followed:
    """One operation that a call follows."""

    def __init__(self, records: OperationRecords, key: OperationKey, subscription: Subscription) -> None:
        self._records = records
        self._key = key
        self._subscription = subscription

    async def look(self) -> Operation:
        """Return the operation as it is.

        Raises:
            Rejection: OPERATION_NOT_FOUND when there is none, or none any more.
        """
        operation = await self._records.get(self._key)
        if operation is None:
            raise operation_not_found(self._key.operation_id)
        return operation

    async def pause(self, seconds: float) -> None:
        """Wait until it is worth looking again, at most so many seconds."""
        await self._subscription.wait(min(seconds, POLL_SECONDS))


class Following(LongCalls):
    """The calls that follow operations."""

    def __init__(self, options: ArrivalOptions, recorder: Metrics) -> None:
        places = Places("operation_waits", options.max_operation_waits, options.max_operation_waits_per_tenant)
        super().__init__(places, recorder)

    @asynccontextmanager
    async def follow(self, queue: QueuedAnswers, key: OperationKey) -> AsyncIterator[Followed]:
        """Yield an operation to follow.

        Raises:
            Rejection: OVERLOADED when too many are followed already.
        """
        with self.place(key.tenant):
            async with queue.wakeups.subscribed(ended(key.operation_id)) as subscription:
                yield Followed(queue.records, key, subscription)


def operation_not_found(operation_id: str) -> Rejection:
    """Return what a call ends with that names no operation of its caller: unknown, another's or forgotten alike."""
    return Rejection(Reason.OPERATION_NOT_FOUND, metadata={"operation": f"operations/{operation_id}"})

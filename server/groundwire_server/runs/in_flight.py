"""The answers that are being written now, so that they can be cancelled by name."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason

T = TypeVar("T")

_RETRY_AFTER = 1.0


@dataclass(frozen=True, slots=True)
class RunKey:
    """Names an answer in flight: a request id means nothing outside its tenant and subject."""

    tenant: str
    subject: str
    request_id: str


class InFlight:
    """Runs answers, each in a task of its own."""

    def __init__(self) -> None:
        self._tasks: dict[RunKey, asyncio.Task[Any]] = {}

    async def run(self, key: RunKey, work: Coroutine[Any, Any, T]) -> T:
        """Await the work under a name; cancelling the awaiting task cancels it.

        Raises:
            Rejection: REQUEST_IN_FLIGHT when the name is taken, CANCELLED when `cancel` ended it.
        """
        if key in self._tasks:
            work.close()
            raise Rejection(Reason.REQUEST_IN_FLIGHT, metadata={"request_id": key.request_id}, retry_after=_RETRY_AFTER)
        task = asyncio.create_task(work)
        self._tasks[key] = task
        try:
            return await task
        except asyncio.CancelledError:
            waiting = asyncio.current_task()
            if waiting is not None and waiting.cancelling():
                raise
            raise Rejection(Reason.CANCELLED, metadata={"request_id": key.request_id}) from None
        finally:
            del self._tasks[key]

    def cancel(self, key: RunKey) -> bool:
        """End the answer of that name; False when there is none."""
        task = self._tasks.get(key)
        return task is not None and task.cancel()

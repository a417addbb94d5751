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


@dataclass(frozen=True, slots=True)
class _Running:
    asked: bytes
    task: asyncio.Task[Any]


class InFlight:
    """Runs answers, each in a task of its own."""

    def __init__(self) -> None:
        self._running: dict[RunKey, _Running] = {}

    async def run(self, key: RunKey, asked: bytes, work: Coroutine[Any, Any, T]) -> T:
        """Await the work under a name; cancelling the awaiting task cancels it.

        Args:
            key: the name.
            asked: what is asked under it; whoever asks something else needs another name.
            work: answers it.

        Raises:
            Rejection: REQUEST_IN_FLIGHT when the name is taken, REQUEST_ID_REUSED when it is taken for something else,
                CANCELLED when `cancel` ended it.
        """
        running = self._running.get(key)
        if running is not None:
            work.close()
            raise _taken(key, same=running.asked == asked)
        task = asyncio.create_task(work)
        self._running[key] = _Running(asked, task)
        try:
            return await task
        except asyncio.CancelledError:
            waiting = asyncio.current_task()
            if waiting is not None and waiting.cancelling():
                raise
            raise Rejection(Reason.CANCELLED, metadata={"request_id": key.request_id}) from None
        finally:
            del self._running[key]

    def cancel(self, key: RunKey) -> bool:
        """End the answer of that name; False when there is none."""
        running = self._running.get(key)
        return running is not None and running.task.cancel()


def _taken(key: RunKey, *, same: bool) -> Rejection:
    metadata = {"request_id": key.request_id}
    if same:
        return Rejection(Reason.REQUEST_IN_FLIGHT, metadata=metadata, retry_after=_RETRY_AFTER)
    return Rejection(Reason.REQUEST_ID_REUSED, metadata=metadata)

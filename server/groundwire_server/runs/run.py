"""One answer that is being written, and how long it goes on."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.run import RunKey
from groundwire_server.domain.vocabulary import Reason


class Run:
    """One answer that is being written."""

    def __init__(self, key: RunKey, task: "asyncio.Task[Outcome]") -> None:
        self._key = key
        self._followers = 0
        self._window = 0.0
        self._end: asyncio.TimerHandle | None = None
        self.task = task

    async def begun(self) -> None:
        """Let it begin before its first follower can leave: work that has not begun cannot clean up after itself."""
        await asyncio.sleep(0)

    async def outcome(self) -> Outcome:
        """Await it; leaving does not end it."""
        try:
            return await asyncio.shield(self.task)
        except asyncio.CancelledError:
            if not self.task.cancelled():
                raise
            raise cancelled(self._key) from None

    @contextmanager
    def followed(self, window: float) -> Iterator[None]:
        """Keep it running while somebody follows it, and for the window after that."""
        self._window = max(self._window, window)
        self._followers += 1
        if self._end is not None:
            self._end.cancel()
            self._end = None
        try:
            yield
        finally:
            self._followers -= 1
            if not self._followers and not self.task.done():
                if self._window:
                    self._end = asyncio.get_running_loop().call_later(self._window, self.task.cancel)
                else:
                    self.task.cancel()


def cancelled(key: RunKey) -> Rejection:
    """What a caller is told whose answer was ended by name."""
    return Rejection(Reason.CANCELLED, metadata={"request_id": key.request_id})

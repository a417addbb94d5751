"""Ends a response whose time is up, whoever holds it."""

import asyncio
import math
from collections.abc import Callable

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.vocabulary import Cause


class ResponseWatchdog:
    """A timer that ends a response when the deadline comes, or a read brings nothing for too long.

    An async generator must not hold a timeout over its yields, and a reader that does not come back must not keep a
    response open. One timer serves a whole response: it is not moved by a read, but looks when it fires.

    Args:
        loop: whose time it is.
        deadline: of the call.
        silence: seconds between two reads, once there was text.
        end: closes the response.

    Attributes:
        begun: whether there was text; before that, no read can be silent for too long.
        late: what ran out, once it has.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        deadline: Deadline,
        silence: float,
        end: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._deadline = deadline.at
        self._silence = silence
        self._end = end
        self._reading_since: float | None = None
        self._conclude_by = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self.begun = False
        self.late: Cause | None = None
        self._schedule(loop.time())

    def reading(self) -> None:
        """Note that a read begins."""
        self._reading_since = self._loop.time()

    def read(self) -> None:
        """Note that a read has ended; what its reader does with it is not the provider's silence."""
        self._reading_since = None

    def conclude_by(self, at: float) -> None:
        """End the response at a time, whatever still comes; called again, at the new one."""
        self._conclude_by = at
        self.stop()
        self._schedule(self._loop.time())

    def stop(self) -> None:
        """Note that the response has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def overdue(self, now: float) -> Cause | None:
        """Return what has run out."""
        if now >= self._deadline:
            return Cause.MODEL_TIMEOUT
        if now >= self._conclude_by:
            return Cause.MODEL_INTERRUPTED
        if self.begun and self._reading_since is not None and now >= self._reading_since + self._silence:
            return Cause.MODEL_INTERRUPTED
        return None

    def _schedule(self, now: float) -> None:
        # Never later than the earliest thing that could run out, for a read may begin at any time from now on.
        since = self._reading_since if self.begun and self._reading_since is not None else now
        at = min(self._deadline, self._conclude_by, since + self._silence)
        self._timer = None if math.isinf(at) else self._loop.call_at(at, self._look)

    def _look(self) -> None:
        if self.overdue(self._loop.time()) is None:
            self._schedule(self._loop.time())
        else:
            # A loop that was held up finds the timer due together with bytes that came in time: they are read first.
            self._timer = self._loop.call_later(0, self._judge)

    def _judge(self) -> None:
        now = self._loop.time()
        self.late = self.overdue(now)
        if self.late is None:
            self._schedule(now)
        else:
            self._timer = None
            self._end()

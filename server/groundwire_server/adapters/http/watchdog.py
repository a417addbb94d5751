"""Ends a response whose time is up, whoever holds it."""

import asyncio
import math
from collections.abc import Callable

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.vocabulary import Cause


class ResponseWatchdog:
    """Calls `end` when the deadline comes, or a read brings nothing for too long.

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
        self._timer: asyncio.TimerHandle | None = None
        self.begun = False
        self.late: Cause | None = None
        self._schedule(loop.time())

    def reading(self) -> None:
        """A read begins."""
        self._reading_since = self._loop.time()

    def read(self) -> None:
        """A read has ended; what its reader does with it is not the provider's silence."""
        self._reading_since = None

    def stop(self) -> None:
        """The response has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def overdue(self, now: float) -> Cause | None:
        """What has run out."""
        if now >= self._deadline:
            return Cause.MODEL_TIMEOUT
        if self.begun and self._reading_since is not None and now >= self._reading_since + self._silence:
            return Cause.MODEL_INTERRUPTED
        return None

    def _schedule(self, now: float) -> None:
        # Never later than the earliest thing that could run out, for a read may begin at any time from now on.
        since = self._reading_since if self.begun and self._reading_since is not None else now
        at = min(self._deadline, since + self._silence)
        self._timer = None if math.isinf(at) else self._loop.call_at(at, self._look)

    def _look(self) -> None:
        now = self._loop.time()
        self.late = self.overdue(now)
        if self.late is None:
            self._schedule(now)
        else:
            self._timer = None
            self._end()

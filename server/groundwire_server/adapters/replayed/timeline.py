"""The time of a replay: an event loop that waits for nothing, and gives everything back in the order it came in.

What came first in the recording comes first in the replay, whatever the clock says: a reply that came just before its
deadline is not late because computing takes no time now. A timer fires where nothing recorded comes before it, or
where the recording says that somebody was not waited for any longer.
"""

import asyncio
import selectors
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from math import inf
from typing import Any, Final

from groundwire_server.domain.failure import GroundwireError
from groundwire_server.ports.exchange import ClockReading, Left, PortName, Reply

_SLACK: Final = 0.5
"""Seconds by which a timer may be earlier, or later, than when it fired in the recording."""

_JUST_BEFORE: Final = 1e-6
"""Seconds before a timer in which a recorded reply comes that would be late otherwise."""


class UnrecordedError(GroundwireError):
    """A replay comes to what no recording has an answer to.

    Attributes:
        port: that was asked.
        name: which of several; empty where there is one.
    """

    def __init__(self, port: PortName, name: str = "") -> None:
        super().__init__(f"{port.value} {name}".strip())
        self.port = port
        self.name = name


class ReplayLoop(asyncio.SelectorEventLoop):
    """An event loop on the time of a replay.

    Args:
        readings: of the clock, in order.
        in_order: whether everything comes in its recorded order; otherwise by its time alone.
    """

    def __init__(self, readings: Sequence[ClockReading], *, in_order: bool) -> None:
        self.timeline = Timeline(readings, in_order=in_order)
        super().__init__(_Selector(self.timeline))

    def time(self) -> float:
        """Return the seconds since the call came in."""
        return self.timeline.now

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]
        """Do a piece of work at once: a thread has no place in a replay's time."""
        done = self.create_future()
        try:
            result = func(*args)
        except Exception as error:  # noqa: BLE001 - whatever the work raises is its caller's
            self.call_soon(_settle, done, None, error)
        else:
            self.call_soon(_settle, done, result, None)
        return done


class Timeline:
    """What has happened so far in a replay, and what is waited for.

    Args:
        readings: of the clock, in order.
        in_order: whether everything comes in its recorded order.

    Attributes:
        now: seconds since the call came in.
        in_order: whether everything comes in its recorded order.
        lag: how late the event loop was at the last reading of the clock, in seconds.
        live: how many are asked that no recording has an answer of.
    """

    def __init__(self, readings: Sequence[ClockReading], *, in_order: bool) -> None:
        self.now = 0.0
        self.in_order = in_order
        self.lag = 0.0
        self.live = 0
        self._readings = readings
        self._next_reading = 0
        self._order = 0
        self._waiting: list[_Waiting] = []

    def read_clock(self) -> float:
        """Return what the clock said at this place of the recording, or what it says now."""
        self.lag = 0.0
        if not self.in_order:
            return self.now
        readings = self._readings
        while self._next_reading < len(readings) and readings[self._next_reading].order <= self._order:
            self._next_reading += 1
        if self._next_reading < len(readings):
            reading = readings[self._next_reading]
            if all(reading.order < each.reply.order for each in self._waiting):
                self.lag = reading.lag
                self._pass(reading.order, reading.at)
        return self.now

    def begin(self, order: int, at: float) -> None:
        """Come to the beginning of a recorded call."""
        if self.in_order:
            self._pass(order, at)

    async def arrive(self, reply: Reply, at: float) -> None:
        """Wait until a reply comes; one after which nobody waits any longer never does.

        Args:
            reply: that is waited for.
            at: when it comes, in seconds since the call came in.
        """
        if self.in_order and not isinstance(reply, Left) and reply.at_once:
            self._pass(reply.order, at)
            return
        waiting = _Waiting(reply, at, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        try:
            await waiting.came
        finally:
            self._waiting.remove(waiting)
            if isinstance(reply, Left) and self.in_order and at != inf:
                self._pass(reply.order, at)

    def jump(self, timeout: float | None) -> bool:
        """Let time pass until something happens, since every task waits.

        Args:
            timeout: seconds until the next timer; None where there is none.

        Returns:
            Whether anything can happen.
        """
        timer = None if timeout is None else self.now + timeout
        coming = [each for each in self._waiting if not isinstance(each.reply, Left) and not each.came.done()]
        following = min(coming, key=self._precedence, default=None)
        if following is not None and not self._fires_first(timer, following):
            at = following.at if timer is None or following.at < timer else timer - _JUST_BEFORE
            self._pass(following.reply.order, at)
            following.came.set_result(None)
            return True
        if timer is not None:
            self.now = max(self.now, timer)
            return True
        return False

    def give_up(self, error: Exception) -> None:
        """End all that waits for what never comes."""
        for each in self._waiting:
            if not each.came.done():
                each.came.set_exception(error)

    def _precedence(self, waiting: "_Waiting") -> tuple[float, float]:
        order = float(waiting.reply.order)
        return (order, waiting.at) if self.in_order else (waiting.at, order)

    def _fires_first(self, timer: float | None, following: "_Waiting") -> bool:
        """Return whether a timer fires before a reply comes."""
        if timer is None:
            return False
        if not self.in_order:
            return timer < following.at
        left = [
            each for each in self._waiting if isinstance(each.reply, Left) and each.reply.order < following.reply.order
        ]
        return bool(left) and timer <= max(each.at for each in left) + _SLACK

    def _pass(self, order: int, at: float) -> None:
        self._order = max(self._order, order)
        self.now = max(self.now, at)


class _Waiting:
    """A reply that is waited for."""

    __slots__ = ("at", "came", "reply")

    def __init__(self, reply: Reply, at: float, came: "asyncio.Future[None]") -> None:
        self.reply = reply
        self.at = at
        self.came = came


class _Selector(selectors.DefaultSelector):
    """Waits for nothing but what is asked outside the recording."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self._timeline = timeline

    def select(self, timeout: float | None = None) -> Sequence[tuple[selectors.SelectorKey, int]]:  # type: ignore[override]
        if timeout == 0:
            return super().select(0)
        if self._timeline.live:
            return super().select(None)
        if not self._timeline.jump(timeout):
            self._timeline.give_up(UnrecordedError(PortName.READER))
        return super().select(0)


def _settle(done: "asyncio.Future[Any]", result: object, error: Exception | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)

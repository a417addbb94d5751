"""What was recorded of a call, as it is given back."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from groundwire_server.adapters.replayed.timeline import Timeline, UnrecordedError
from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Piece, Usage
from groundwire_server.ports.exchange import Failed, Finished, Left, PortCall, PortName, Reply, Returned, Wrote

P = TypeVar("P")
T = TypeVar("T")

_NEVER: Final = Left(1 << 62, float("inf"))
"""For a call whose outcome did not wait for a reply."""


class ReplayedFailure(Failure):
    """A failure as it was recorded.

    Args:
        failed: the reply.
    """

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.cause, retry_after=failed.retry_after)
        self._recorded_type = failed.error_type

    @property
    def error_type(self) -> str:
        """What telemetry called it."""
        return self._recorded_type or self.cause.value


class Tape:
    """The recorded calls of ports, each of which is given back once.

    Args:
        calls: in the order of their beginnings.
        timeline: of the replay.
        renewed: whether texts were replaced since it was recorded: a port returns what it did whatever it is asked
            now, and what it is asked is noted.

    Attributes:
        timeline: of the replay.
        requests: digests of what ports were asked in a renewed replay, by the orders of their calls.
    """

    def __init__(self, calls: Sequence[PortCall], timeline: Timeline, *, renewed: bool = False) -> None:
        self._left = list(calls)
        self._renewed = renewed
        self.timeline = timeline
        self.requests: dict[int, str] = {}

    def take(self, port: PortName, name: str = "", request: str = "") -> "Played | None":
        """Return the first recorded call of a port that was asked the same and was not given back; None without one."""
        for place, call in enumerate(self._left):
            if call.port is port and call.name == name and (call.request == request or self._renewed):
                del self._left[place]
                self.requests[call.order] = request
                return Played(call, self.timeline)
        return None

    def following(self, port: PortName) -> "Played | None":
        """Return the next recorded call of a port, whatever it was asked; None without one."""
        for place, call in enumerate(self._left):
            if call.port is port:
                del self._left[place]
                return Played(call, self.timeline)
        return None


class Played:
    """A recorded call that is given back.

    Attributes:
        call: as it was recorded.
    """

    def __init__(self, call: PortCall, timeline: Timeline) -> None:
        self._timeline = timeline
        timeline.begin(call.order, call.at)
        self._shift = 0.0 if timeline.in_order else timeline.now - call.at
        self.call = call

    async def value(self) -> Any:
        """Return what came back then.

        Raises:
            Failure: that came back.
        """
        reply = self.call.replies[0] if self.call.replies else _NEVER
        await self._arrive(reply)
        match reply:
            case Returned(value=value):
                return value
            case Failed():
                raise failure_of(reply)
            case _:
                raise UnrecordedError(self.call.port, self.call.name)

    async def charged_value(self, allowance: Allowance | None) -> Any:
        """Return a reply, and count what it had consumed towards what its call may consume: its adapter did so then.

        Raises:
            Failure: that came back.
        """
        usage = Usage()
        try:
            reply = await self.value()
            usage = reply.usage
        except ChargedFailure as failure:
            usage = failure.usage
            raise
        finally:
            if allowance is not None:
                allowance.settle(Usage(), usage)
        return reply

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """Yield what a model wrote then.

        Raises:
            Failure: that came back.
        """
        for reply in self.call.replies:
            await self._arrive(reply)
            match reply:
                case Wrote(text=text):
                    yield text
                case Finished(finish=finish):
                    yield finish
                case Returned():
                    return
                case Failed():
                    raise failure_of(reply)
                case _:
                    raise UnrecordedError(self.call.port, self.call.name)
        if not self.call.replies or isinstance(self.call.replies[-1], Wrote):
            await self._arrive(_NEVER)

    async def _arrive(self, reply: Reply) -> None:
        await self._timeline.arrive(reply, reply.at + self._shift)


def failure_of(failed: Failed) -> Failure:
    """Return a failure as it was raised."""
    failure = ReplayedFailure(failed)
    return failure if failed.usage is None else ChargedFailure(failure, failed.usage)


class LiveCalls:
    """Asks what no recording has an answer to, on an event loop with the world's time.

    Args:
        loop: of the world's time, in another thread.
        timeline: of the replay, which goes on by as much as the answer took.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, timeline: Timeline) -> None:
        self._loop = loop
        self._timeline = timeline

    async def ask(self, asked: Callable[[float], Coroutine[Any, Any, T]]) -> T:
        """Return what comes back.

        Args:
            asked: is called with the seconds that the other loop's clock is ahead of the replay's.
        """
        self._timeline.live += 1
        began = self._loop.time()
        running = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asked(began - self._timeline.now), self._loop))
        try:
            return await running
        finally:
            self._timeline.live -= 1
            self._timeline.now += max(0.0, self._loop.time() - began)


@dataclass(frozen=True, slots=True)
class LivePart(Generic[P]):
    """A part of the route as it is now, which is asked what no recording has an answer to.

    Attributes:
        part: a model, a guard or a store.
        calls: ask it.
    """

    part: P
    calls: LiveCalls

    async def ask(self, asked: Callable[[P, Callable[[Deadline], Deadline]], Coroutine[Any, Any, T]]) -> T:
        """Return what comes back.

        Args:
            asked: is called with the part, and with what turns a deadline of the replay into one of the part's clock.
        """
        return await self.calls.ask(lambda ahead: asked(self.part, lambda deadline: Deadline(deadline.at + ahead)))

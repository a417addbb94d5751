"""What is noted of one call while it is answered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.event import Event
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.fairness.loop_lag import LoopLag
from groundwire_server.domain.generation import Finish, Prompt
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.exchange import (
    ClockReading,
    Failed,
    Finished,
    Left,
    LocalFinding,
    PortCall,
    PortName,
    RenderedPrompt,
    Reply,
    Returned,
    Value,
    Wrote,
)

T = TypeVar("T")
ValueT = TypeVar("ValueT", bound=Value)

_NOTICEABLE: Final = 0.01
"""Seconds of lag below which nothing depends on it."""

_DIGITS: Final = 9
"""Of times in seconds."""

MOST_CHARACTERS: Final = 4_000_000
"""Of all texts of a call together. What is noted until then is more than a recording may have, as it is with notes."""

MOST_NOTES: Final = 100_000
"""Readings of the clock and replies."""


class ExchangeRecorder:
    """Notes all that one call gets from outside, until it has ended.

    Args:
        arrived: when the call came in, on the clock.
        clock: the event loop's.

    Attributes:
        calls: those of ports, in the order of their beginnings.
        readings: of the clock.
        dates: of the calendar.
        prompts: as they were rendered.
        rewrite_prompts: those for the model that rewrites questions.
        known: shares of texts that the embedder's vocabulary knows.
        mark: of the fences; empty until it was drawn.
    """

    def __init__(self, arrived: float, clock: Clock) -> None:
        self._arrived = arrived
        self._clock = clock
        self._order = 0
        self._characters = 0
        self._ended = False
        self._local: dict[tuple[Screen, str, str], tuple[Finding, ...]] = {}
        self.calls: list[OpenCall] = []
        self.readings: list[ClockReading] = []
        self.dates: list[datetime] = []
        self.prompts: list[RenderedPrompt] = []
        self.rewrite_prompts: list[Prompt] = []
        self.known: dict[str, float] = {}
        self.mark = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more is noted: the call has ended, or has become too large."""
        return self._ended

    @property
    def too_large(self) -> bool:
        """Whether there is more than a recording may hold."""
        return self._characters > MOST_CHARACTERS or self._order > MOST_NOTES

    @property
    def local_findings(self) -> tuple[LocalFinding, ...]:
        """What guards within the process found."""
        return tuple(LocalFinding(*key, findings) for key, findings in self._local.items())

    def end(self) -> None:
        """Note nothing more: what still goes on is not waited for by the call."""
        self._ended = True

    def begin(self, port: PortName, name: str = "", request: str = "") -> "OpenCall":
        """Note that something is asked."""
        call = OpenCall(self, port, name, request)
        if not self._ended:
            self.calls.append(call)
        return call

    async def ask(self, port: PortName, asked: Awaitable[ValueT], name: str = "", request: str = "") -> ValueT:
        """Await a call of a port, and note what comes back.

        Args:
            port: that is asked.
            asked: the call.
            name: which of several.
            request: a digest of what it is asked.
        """
        return await self.ask_for(_itself, port, asked, name, request)

    async def ask_for(
        self, kept: Callable[[T], Value], port: PortName, asked: Awaitable[T], name: str = "", request: str = ""
    ) -> T:
        """Await a call of a port, and note what is kept of its result."""
        return await self.wait_for(self.begin(port, name, request), asked, kept)

    async def wait_for(self, call: "OpenCall", asked: Awaitable[T], kept: Callable[[T], Value]) -> T:
        """Await a call that has begun, and note what is kept of its result."""
        turn = LoopTurn()
        try:
            result = await asked
        except Failure as failure:
            call.failed(failure, turn)
            raise
        except BaseException:
            call.left()
            raise
        call.returned(kept(result), turn)
        return result

    def read_clock(self) -> float:
        """Read the clock, and note what it says."""
        now = self._clock.now()
        if not self._ended:
            self.readings.append(ClockReading(self.count(), self.since_arrival(now)))
        return now

    def read_lag(self, lag: LoopLag, now: float) -> float:
        """Return how late the event loop is, and note it with the clock's last reading where it matters."""
        worst = lag.worst(now)
        if worst > _NOTICEABLE and self.readings and not self._ended:
            last = self.readings[-1]
            self.readings[-1] = ClockReading(last.order, last.at, worst)
        return worst

    def read_date(self) -> datetime:
        """Read the calendar, and note what it says."""
        today = self._clock.today()
        if not self._ended:
            self.dates.append(today)
        return today

    def rendered(self, rendered: RenderedPrompt) -> None:
        """Note a prompt."""
        if not self._ended:
            self.prompts.append(rendered)
            prompt = rendered.prompt
            self.add_text(0 if prompt is None else len(prompt.system) + len(prompt.user))

    def rewrite_rendered(self, prompt: Prompt) -> None:
        """Note a prompt of the model that rewrites questions."""
        if not self._ended:
            self.rewrite_prompts.append(prompt)
            self.add_text(len(prompt.system) + len(prompt.user))

    def found(self, screen: Screen, guard: str, text: str, findings: Sequence[Finding]) -> None:
        """Note what a guard within the process found in a text; it may be called from any thread."""
        key = (screen, guard, text)
        if findings and not self._ended and key not in self._local:
            self._local[key] = tuple(findings)
            self.add_text(len(text))

    def count(self) -> int:
        """Return the number of what happens now."""
        self._order += 1
        if self.too_large:
            self._ended = True
        return self._order

    def add_text(self, characters: int) -> None:
        """Count the characters of a text that is kept."""
        self._characters += characters
        if self.too_large:
            self._ended = True

    def since_arrival(self, now: float | None = None) -> float:
        """Return the seconds since the call came in."""
        return round((self._clock.now() if now is None else now) - self._arrived, _DIGITS)


def nothing(_: object) -> None:
    """Keep nothing of a result: when it came is all that matters."""


def _itself(value: ValueT) -> ValueT:
    return value


class LoopTurn:
    """Tells whether anything else had its turn of the event loop since it was made."""

    __slots__ = ("_passed",)

    def __init__(self) -> None:
        self._passed = False
        asyncio.get_running_loop().call_soon(self._pass)

    def _pass(self) -> None:
        self._passed = True

    @property
    def at_once(self) -> bool:
        """Whether nothing had."""
        return not self._passed


class OpenCall:
    """One time that something is asked, while its replies come.

    Attributes:
        event: that is handed to the reader of a stream; None of any other call.
    """

    __slots__ = ("_at", "_name", "_order", "_port", "_recorder", "_replies", "_request", "event")

    def __init__(self, recorder: ExchangeRecorder, port: PortName, name: str, request: str) -> None:
        self._recorder = recorder
        self._port = port
        self._name = name
        self._request = request
        self._order = 0 if recorder.ended else recorder.count()
        self._at = recorder.since_arrival()
        self._replies: list[Reply] = []
        self.event: Event | None = None

    def returned(self, value: Value, turn: LoopTurn) -> None:
        """Note a value."""
        if not self._recorder.ended:
            self._replies.append(Returned(*self._now(), value, turn.at_once))

    def wrote(self, text: str, turn: LoopTurn) -> None:
        """Note a piece of text."""
        if not self._recorder.ended:
            self._recorder.add_text(len(text))
            self._replies.append(Wrote(*self._now(), text, turn.at_once))

    def finished(self, finish: Finish, turn: LoopTurn) -> None:
        """Note the end of what a model writes."""
        if not self._recorder.ended:
            self._replies.append(Finished(*self._now(), finish, turn.at_once))

    def failed(self, failure: Failure, turn: LoopTurn) -> None:
        """Note a failure."""
        if not self._recorder.ended:
            error = "" if failure.error_type == failure.cause.value else failure.error_type
            usage = failure.usage if isinstance(failure, ChargedFailure) else None
            self._replies.append(Failed(*self._now(), failure.cause, failure.retry_after, error, usage, turn.at_once))

    def left(self) -> None:
        """Note that nobody waits any longer, unless the last reply has come."""
        ended = self._replies and not isinstance(self._replies[-1], Wrote)
        if not ended and not self._recorder.ended:
            self._replies.append(Left(*self._now()))

    def closed(self, request: str | None = None) -> PortCall:
        """Return the call as it is kept.

        Args:
            request: a digest in place of the one that it began with.
        """
        return PortCall(
            self._port,
            self._order,
            self._at,
            self._name,
            self._request if request is None else request,
            tuple(self._replies),
        )

    def _now(self) -> tuple[int, float]:
        return self._recorder.count(), self._recorder.since_arrival()

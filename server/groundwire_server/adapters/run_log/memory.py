"""A RunLog in the memory of one worker."""

from collections import OrderedDict
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from groundwire_server.adapters.run_log.events import RunEvents
from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.erasure import Forgotten
from groundwire_server.domain.event import Event, NumberedEvent, TextDelta
from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import RunKey, RunOrigin
from groundwire_server.domain.outcome import Abstained, Answered, Cached, Degraded, Outcome
from groundwire_server.ports.clock import Clock

MOST_CHARACTERS = 32 * 1024 * 1024
"""Text that the logs of ended runs hold together, in code points; the oldest make room."""

_OVERHEAD = 256
"""What an event counts besides its text."""


@dataclass(slots=True)
class _Log:
    origin: RunOrigin
    events: RunEvents = field(default_factory=RunEvents)
    size: int = 0
    forget_at: float = 0.0
    keep: bool = True


class MemoryRunLog:
    """Logs that end with the process and that no other worker sees.

    Args:
        clock: says when a log is forgotten.
        most: the most characters that ended runs may hold together.

    Attributes:
        shared: False.
    """

    shared = False

    def __init__(self, clock: Clock, most: int = MOST_CHARACTERS) -> None:
        self._clock = clock
        self._most = most
        self._logs: dict[RunKey, _Log] = {}
        self._ended: OrderedDict[RunKey, _Log] = OrderedDict()
        self._ended_size = 0

    async def open(self, key: RunKey, origin: RunOrigin) -> RunOrigin | None:
        """Open a run's log and return None; where there is one already, return the origin it was opened with."""
        known = self._log(key)
        if known is None:
            self._logs[key] = _Log(origin)
        return None if known is None else known.origin

    async def append(self, key: RunKey, event: NumberedEvent) -> None:
        """Add an event; those who follow see it."""
        log = self._logs[key]
        log.events.add(event)
        log.size += _OVERHEAD + _characters(event.event)

    async def close(self, key: RunKey, keep: float, ended: Rejection | None = None) -> None:
        """End a log; it is forgotten after `keep` seconds, or sooner when space is needed."""
        log = self._logs[key]
        log.forget_at = self._clock.now() + keep
        log.events.close(ended)
        self._ended[key] = log
        self._ended_size += log.size
        if log.keep and keep:
            self._make_room()
        else:
            self._forget(key)

    async def follow(self, key: RunKey, after: int, window: float = 0.0) -> AsyncGenerator[NumberedEvent, None] | None:
        """Return the events after that number as they happen; None where there is no log with that event."""
        log = self._log(key)
        return None if log is None or after > len(log.events) else log.events.follow(after)

    async def forget(self, tenant: str) -> Forgotten:
        """Forget a tenant's runs that have ended; those that go on are forgotten when they end."""
        ended = [key for key in self._ended if key.tenant == tenant]
        for key in ended:
            self._forget(key)
        for key, log in self._logs.items():
            log.keep = log.keep and key.tenant != tenant
        return Forgotten(len(ended))

    async def followed_elsewhere(self, key: RunKey) -> bool:
        """Return False: no other process sees it."""
        return False

    async def cancel_elsewhere(self, key: RunKey) -> bool:
        """Return False: no other process sees it."""
        return False

    def _log(self, key: RunKey) -> _Log | None:
        log = self._logs.get(key)
        if log is not None and log.events.closed and log.forget_at <= self._clock.now():
            self._forget(key)
            return None
        return log

    def _make_room(self) -> None:
        now = self._clock.now()
        while self._ended:
            oldest, log = next(iter(self._ended.items()))
            if log.forget_at > now and self._ended_size <= self._most:
                return
            self._forget(oldest)

    def _forget(self, key: RunKey) -> None:
        log = self._ended.pop(key)
        self._ended_size -= log.size
        del self._logs[key]


def _characters(event: Event) -> int:
    match event:
        case TextDelta(text, _):
            return len(text)
        case Evidence(passages, _):
            return _of(passages)
        case Outcome(Answered(answer) | Cached(answer)):
            return _written(answer)
        case Outcome(Degraded(_, answer, passages)):
            return _written(answer) + _of(passages)
        case Outcome(Abstained(_, nearest)):
            return _of(nearest)
        case _:
            return 0


def _of(passages: tuple[Passage, ...]) -> int:
    return sum(len(passage.text) for passage in passages)


def _written(answer: GroundedText | None) -> int:
    return 0 if answer is None else len(answer.text) + sum(len(each.quote) for each in answer.citations)

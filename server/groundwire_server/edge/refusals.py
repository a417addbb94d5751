"""The log of callers that were turned away, on the logger `groundwire.security`."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from groundwire_server.domain.refusal import Refusal
from groundwire_server.ports.clock import Clock

LOGGER = "groundwire.security"
WINDOW = 60.0
"""Seconds in which one peer is told of a few times for one reason; the rest is counted."""
TOLD = 5
"""Events told of in a window."""
PEERS = 1024
"""Pairs of peer and reason that are counted apart; those beyond share one count for each reason."""
OTHERS = "others"

_log = logging.getLogger(LOGGER)


@dataclass(slots=True)
class _Count:
    since: float
    told: int = 0
    suppressed: int = 0


class Refusals:
    """Writes refusals down, at most a few a minute for each peer and reason, in bounded memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[tuple[str, Refusal], _Count] = {}

    def record(self, peer: str, word: Refusal, about: Mapping[str, str]) -> None:
        """Tell of a refusal, or count it.

        Args:
            peer: where it came from.
            word: why it was.
            about: what else may be known of it; never a credential.
        """
        now = self._clock.now()
        self._end_windows(now)
        key = (peer, word)
        if key not in self._counts and len(self._counts) >= PEERS:
            key = (OTHERS, word)
        count = self._counts.setdefault(key, _Count(now))
        if count.told >= TOLD:
            count.suppressed += 1
            return
        count.told += 1
        _log.warning("call refused", extra={"event": "call_refused", "peer": peer, "reason": word.value, **about})

    def flush(self) -> None:
        """Tell how many events were suppressed."""
        for (peer, word), count in self._counts.items():
            _tell(peer, word, count)
        self._counts.clear()

    def _end_windows(self, now: float) -> None:
        """The oldest windows come first: they are in the order in which they began."""
        while self._counts:
            key = next(iter(self._counts))
            if now - self._counts[key].since < WINDOW:
                return
            _tell(*key, self._counts.pop(key))


def _tell(peer: str, word: Refusal, count: _Count) -> None:
    if count.suppressed:
        extra = {"event": "calls_refused", "peer": peer, "reason": word.value, "suppressed": count.suppressed}
        _log.warning("more calls refused", extra=extra)

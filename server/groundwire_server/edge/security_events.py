"""The log of denied calls, on the logger `groundwire.security`."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from groundwire_server.domain.access_denied import DenialReason
from groundwire_server.edge.identity import network_of
from groundwire_server.ports.clock import Clock

LOGGER = "groundwire.security"
WINDOW = 60.0
"""Seconds in which a few events per source and reason are logged; the rest are counted."""
LOGGED = 5
"""Events that are logged in a window."""
SOURCES = 1024
"""Pairs of source and reason that are counted separately; further sources share one count per reason."""
OTHERS = "others"

_IDENTITIES = ("key_id", "tenant", "issuer")
"""What identifies a denied credential. Their number is that of configured keys and tenants, whoever calls."""

_Source: TypeAlias = tuple[str, DenialReason, str]

_log = logging.getLogger(LOGGER)


@dataclass(slots=True)
class _Count:
    since: float
    logged: int = 0
    suppressed: int = 0


class SecurityEventLog:
    """Logs denials, at most a few per minute for each source and reason, in bounded memory.

    A source is a peer's network and the identity of its credential: neither the many addresses of one network nor other
    callers behind the same proxy hide the misuse of a key.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[_Source, _Count] = {}

    def __repr__(self) -> str:
        suppressed = sum(count.suppressed for count in self._counts.values())
        return f"<SecurityEventLog: {len(self._counts)} sources in this window, {suppressed} events suppressed>"

    def record(self, peer: str, word: DenialReason, about: Mapping[str, str]) -> None:
        """Log a denial, or count it.

        Args:
            peer: the caller's address.
            word: the reason.
            about: further facts for the log; never a credential.
        """
        now = self._clock.now()
        self.end_windows()
        key = (network_of(peer), word, next((about[name] for name in _IDENTITIES if name in about), ""))
        if key not in self._counts and len(self._counts) >= SOURCES:
            key = (OTHERS, word, "")
        count = self._counts.setdefault(key, _Count(now))
        if count.logged >= LOGGED:
            count.suppressed += 1
            return
        count.logged += 1
        _log.warning("call denied", extra={"event": "call_denied", "peer": peer, "reason": word.value, **about})

    def flush(self) -> None:
        """Log how many events were suppressed."""
        for key, count in self._counts.items():
            _log_suppressed(key, count)
        self._counts.clear()

    def end_windows(self) -> None:
        """Log how many events were suppressed in the windows that have ended."""
        now = self._clock.now()
        while self._counts:
            # The oldest comes first: the counts are in the order in which they began.
            key = next(iter(self._counts))
            if now - self._counts[key].since < WINDOW:
                return
            _log_suppressed(key, self._counts.pop(key))


def _log_suppressed(source: _Source, count: _Count) -> None:
    peer, word, identity = source
    if count.suppressed:
        extra = {"event": "calls_denied", "peer": peer, "reason": word.value, "suppressed": count.suppressed}
        if identity:
            extra["of"] = identity
        _log.warning("more calls denied", extra=extra)

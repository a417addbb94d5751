"""The log of callers that were turned away, on the logger `groundwire.security`."""

import ipaddress
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from groundwire_server.domain.access_denied import DenialReason
from groundwire_server.ports.clock import Clock

LOGGER = "groundwire.security"
WINDOW = 60.0
"""Seconds in which one source is told of a few times for one reason; the rest is counted."""
TOLD = 5
"""Events told of in a window."""
SOURCES = 1024
"""Sources and reasons that are counted apart; those beyond share one count for each reason."""
OTHERS = "others"

_IDENTITIES = ("key_id", "tenant", "issuer")
"""Of what is known of a refused credential: whose it is. There are as many as have been set up, however many call."""

_Source: TypeAlias = tuple[str, DenialReason, str]

_log = logging.getLogger(LOGGER)


@dataclass(slots=True)
class _Count:
    since: float
    told: int = 0
    suppressed: int = 0


class SecurityEventLog:
    """Writes refusals down, at most a few a minute for each source and reason, in bounded memory.

    A source is a peer's network and what it has proven to be: neither the many addresses of one network nor the noise
    of others behind one proxy hide who misuses a key.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[_Source, _Count] = {}

    def record(self, peer: str, word: DenialReason, about: Mapping[str, str]) -> None:
        """Tell of a refusal, or count it.

        Args:
            peer: where it came from.
            word: why it was.
            about: what else may be known of it; never a credential.
        """
        now = self._clock.now()
        self.end_windows()
        key = (_network(peer), word, next((about[name] for name in _IDENTITIES if name in about), ""))
        if key not in self._counts and len(self._counts) >= SOURCES:
            key = (OTHERS, word, "")
        count = self._counts.setdefault(key, _Count(now))
        if count.told >= TOLD:
            count.suppressed += 1
            return
        count.told += 1
        _log.warning("call refused", extra={"event": "call_refused", "peer": peer, "reason": word.value, **about})

    def flush(self) -> None:
        """Tell how many events were suppressed."""
        for key, count in self._counts.items():
            _tell(key, count)
        self._counts.clear()

    def end_windows(self) -> None:
        """Tell how many events were suppressed in the windows that are over."""
        now = self._clock.now()
        while self._counts:
            # The oldest comes first: they are in the order in which they began.
            key = next(iter(self._counts))
            if now - self._counts[key].since < WINDOW:
                return
            _tell(key, self._counts.pop(key))


def _network(peer: str) -> str:
    """An IPv6 peer's /64, any address of which is its own to choose; else the peer."""
    try:
        address = ipaddress.IPv6Address(peer.partition("%")[0])
    except ValueError:
        return peer
    if address.ipv4_mapped is not None or address.is_loopback:
        return peer
    return str(ipaddress.IPv6Network((int(address), 64), strict=False))


def _tell(source: _Source, count: _Count) -> None:
    peer, word, identity = source
    if count.suppressed:
        extra = {"event": "calls_refused", "peer": peer, "reason": word.value, "suppressed": count.suppressed}
        if identity:
            extra["of"] = identity
        _log.warning("more calls refused", extra=extra)

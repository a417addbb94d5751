"""An issuer's key set, refreshed in the background: the last good one stays in use when a refresh fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from groundwire_server.adapters.authentication.keys import PublicKeys, parse
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.clock import Clock

Fetch: TypeAlias = Callable[[], Awaitable[bytes]]

UNKNOWN_KEY_SECONDS = 10.0
"""The minimum interval between refreshes because a token names a key that is not in the set."""

_FIRST_RETRY = 1.0
_PATIENCE = 2.0
"""Seconds that a call waits for the refresh that its unknown key has triggered."""

_log = logging.getLogger(__name__)


class KeySetError(SetupError):
    """A key set cannot be read."""


class FreshKeys:
    """A key set that is refreshed.

    Args:
        fetch: reads the key set.
        issuer: of the key set, for the log.
        refresh_seconds: the interval of refreshes.
        clock: tells how long ago the last refresh was requested.
        last: the last good key set of an earlier configuration.

    Attributes:
        current: the last good set; empty until there was one.
        why: why the last refresh failed; empty when it succeeded.
    """

    def __init__(
        self, fetch: Fetch, issuer: str, refresh_seconds: float, clock: Clock, last: PublicKeys | None = None
    ) -> None:
        self._fetch = fetch
        self._issuer = issuer
        self._refresh_seconds = refresh_seconds
        self._clock = clock
        self._read = b""
        self._failures = 0
        self._asked_at = -UNKNOWN_KEY_SECONDS
        self._flight: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self.current = last or PublicKeys()
        self.why = ""

    async def start(self) -> None:
        """Read the set once, then refresh it in the background; an issuer that is down is retried."""
        await self.refresh()
        self._renewing = asyncio.create_task(self._renew())

    async def stop(self) -> None:
        """Stop refreshing."""
        tasks = [task for task in (self._renewing, self._flight) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def key_unknown(self) -> None:
        """Refresh because a token names a key that is not in the set, unless that was done a moment ago."""
        now = self._clock.now()
        if self._flight is None and now - self._asked_at < UNKNOWN_KEY_SECONDS:
            return
        self._asked_at = now
        await asyncio.wait([self._flown()], timeout=_PATIENCE)

    async def refresh(self) -> None:
        """Refresh now, or wait for the refresh in progress."""
        await asyncio.wait([self._flown()])

    def _flown(self) -> "asyncio.Task[None]":
        """Return the refresh in progress: there is one at a time, and a caller that leaves does not cancel it."""
        if self._flight is None:
            self._flight = asyncio.create_task(self._fly())
            self._flight.add_done_callback(self._landed)
        return self._flight

    def _landed(self, flight: "asyncio.Task[None]") -> None:
        self._flight = None
        if not flight.cancelled():
            flight.result()

    async def _fly(self) -> None:
        try:
            data = await self._fetch()
            # The same bytes are the same set: verified tokens stay verified.
            if data != self._read:
                self.current, self._read = parse(data), data
        except (KeySetError, ValueError) as failed:
            self._failures += 1
            self.why = str(failed)
            extra = {"issuer": self._issuer, "why": self.why, "keys_kept": len(self.current.keys)}
            _log.warning("the key set could not be refreshed", extra=extra)
            return
        if self._failures:
            _log.info("the key set is refreshed again", extra={"issuer": self._issuer})
        self._failures, self.why = 0, ""

    async def _renew(self) -> None:
        while True:
            wait = _FIRST_RETRY * 2.0 ** min(self._failures - 1, 16) if self._failures else self._refresh_seconds
            await asyncio.sleep(min(wait, self._refresh_seconds))
            await self.refresh()

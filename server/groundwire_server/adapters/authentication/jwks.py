"""An issuer's key set, kept fresh off the request path: the last good one stays when a refresh fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from groundwire_server.adapters.authentication.keys import PublicKeys, parse
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.clock import Clock

Fetch: TypeAlias = Callable[[], Awaitable[bytes]]

UNKNOWN_KEY_SECONDS = 10.0
"""At most one refresh in this time is made because a token names a key that is not in the set."""

_FIRST_RETRY = 1.0
_PATIENCE = 2.0
"""Seconds that a call waits for the refresh that its unknown key has set off."""

_log = logging.getLogger(__name__)


class KeySetError(SetupError):
    """A key set cannot be had."""


class FreshKeys:
    """Holds a key set and renews it.

    Args:
        fetch: reads it.
        issuer: whose it is, for the log.
        refresh_seconds: how often it is read.
        clock: tells how long ago it was asked for.
        last: what was the last good set before this began.

    Attributes:
        current: the last good set; empty until there was one.
        why: what was wrong with the last reading; empty when it went well.
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
        """Read the set once, then go on renewing it; an issuer that is down is asked again."""
        await self.refresh()
        self._renewing = asyncio.create_task(self._renew())

    async def stop(self) -> None:
        """End the renewing."""
        tasks = [task for task in (self._renewing, self._flight) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def key_unknown(self) -> None:
        """A token names a key that is not in the set: renew it, unless that was done for the same reason just now."""
        now = self._clock.now()
        if self._flight is None and now - self._asked_at < UNKNOWN_KEY_SECONDS:
            return
        self._asked_at = now
        await asyncio.wait([self._flown()], timeout=_PATIENCE)

    async def refresh(self) -> None:
        """Read the set now, or wait for the reading that is under way."""
        await asyncio.wait([self._flown()])

    def _flown(self) -> "asyncio.Task[None]":
        """The reading: one at a time, and a caller that leaves does not end it."""
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
            # The same bytes are the same set: what was verified stays verified.
            if data != self._read:
                self.current, self._read = parse(data), data
        except (KeySetError, ValueError) as failed:
            self._failures += 1
            self.why = str(failed)
            extra = {"issuer": self._issuer, "why": self.why, "keys_kept": len(self.current.keys)}
            _log.warning("the key set could not be renewed", extra=extra)
            return
        if self._failures:
            _log.info("the key set is renewed again", extra={"issuer": self._issuer})
        self._failures, self.why = 0, ""

    async def _renew(self) -> None:
        while True:
            wait = _FIRST_RETRY * 2.0 ** min(self._failures - 1, 16) if self._failures else self._refresh_seconds
            await asyncio.sleep(min(wait, self._refresh_seconds))
            await self.refresh()

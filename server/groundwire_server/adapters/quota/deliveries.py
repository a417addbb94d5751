"""What is said to a store in the background: what calls used, and what they give back."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from groundwire_server.ports.quota_store import QuotaStoreError

_ON_THEIR_WAY: Final = 1000
"""Messages that are sent at once; further ones wait."""

_WAITING: Final = 10_000
"""Messages that wait for the store to come back; the oldest are given up for further ones: reservations stay charged
then until their windows end, and leases expire."""

_AGAIN_SECONDS: Final = 1.0
"""When to look whether the store is back."""

Send: TypeAlias = Callable[[], Awaitable[object]]

_log = logging.getLogger("groundwire.limits")


class NotSentError(QuotaStoreError):
    """The store has certainly done nothing of what it was asked."""


class MaybeSentError(QuotaStoreError):
    """Nobody knows whether the store has done what it was asked."""


class Deliveries:
    """Sends messages, and keeps those that did not arrive until the store is back.

    A message that may have arrived is sent again only where that changes nothing: what is settled twice counts twice.
    """

    def __init__(self) -> None:
        self._sending: set[asyncio.Task[None]] = set()
        self._waiting: deque[tuple[Send, bool]] = deque()
        self._resending: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Deliveries: {len(self._sending)} on their way, {len(self._waiting)} waiting>"

    def send(self, send: Send, *, repeatable: bool) -> None:
        """Send a message in the background.

        Args:
            send: sends it; raises QuotaStoreError when it failed.
            repeatable: whether it may arrive twice.
        """
        if self._waiting or len(self._sending) >= _ON_THEIR_WAY:
            self._keep(send, repeatable=repeatable)
            return
        task = asyncio.create_task(self._first(send, repeatable=repeatable))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def flush(self) -> None:
        """Wait until all has arrived, or failed to; what waits for the store is sent a last time."""
        while self._sending:
            await asyncio.wait(tuple(self._sending))
        if self._resending is not None:
            self._resending.cancel()
            await asyncio.gather(self._resending, return_exceptions=True)
        await self._empty()
        if self._waiting:
            _log.warning("what calls used could not be counted", extra={"messages": len(self._waiting)})
            self._waiting.clear()

    async def _first(self, send: Send, *, repeatable: bool) -> None:
        if (error := await self._sent(send, repeatable=repeatable)) is not None:
            if not self._waiting:
                _log.warning("what calls used is counted when the store takes it", extra={"why": str(error)})
            self._keep(send, repeatable=repeatable)

    def _keep(self, send: Send, *, repeatable: bool) -> None:
        if len(self._waiting) >= _WAITING:
            self._waiting.popleft()
            _log.warning("what calls used could not be counted", extra={"why": "too many messages wait"})
        self._waiting.append((send, repeatable))
        if self._resending is None or self._resending.done():
            self._resending = asyncio.create_task(self._resend())

    async def _resend(self) -> None:
        while self._waiting:
            await asyncio.sleep(_AGAIN_SECONDS)
            await self._empty()

    async def _empty(self) -> None:
        """Send what waits, one after the other: the calls that come now need the store more."""
        while self._waiting:
            send, repeatable = self._waiting.popleft()
            try:
                error = await self._sent(send, repeatable=repeatable)
            except asyncio.CancelledError:
                if repeatable:
                    self._waiting.appendleft((send, repeatable))
                raise
            if error is not None:
                self._waiting.appendleft((send, repeatable))
                return

    async def _sent(self, send: Send, *, repeatable: bool) -> QuotaStoreError | None:
        """Send a message; return why it did not arrive where it is to be sent again."""
        try:
            await send()
        except NotSentError as error:
            return error
        except QuotaStoreError as error:
            if repeatable and isinstance(error, MaybeSentError):
                return error
            _log.warning("what calls used could not be counted", extra={"why": str(error)})
        return None

"""Wake-ups within one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class MemorySubscription:
    """A wait for one topic."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Let the wait end, or the next one that begins."""
        self._woken.set()

    async def wait(self, seconds: float) -> bool:
        """Return True once there was a wake-up since the last call, False when the time is up first."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True


class MemoryWakeups:
    """Wake-ups of the subscriptions in this process, at once."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, set[MemorySubscription]] = {}

    async def notify(self, topic: str) -> None:
        """Wake those that wait for a topic."""
        self.wake(topic)

    def wake(self, topic: str) -> None:
        """Wake those that wait for a topic."""
        for subscription in self._subscriptions.get(topic, ()):
            subscription.wake()

    def wake_all(self) -> None:
        """Wake all that wait, whatever they wait for."""
        for topic in self._subscriptions:
            self.wake(topic)

    @asynccontextmanager
    async def subscribed(self, topic: str) -> AsyncIterator[MemorySubscription]:
        """Yield a subscription to a topic, which ends with the context."""
        subscription = MemorySubscription()
        subscriptions = self._subscriptions.setdefault(topic, set())
        subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            subscriptions.discard(subscription)
            # Another set may stand there by now, of those that came after the last of this one had left.
            if not subscriptions and self._subscriptions.get(topic) is subscriptions:
                del self._subscriptions[topic]

"""Where events go."""

from typing import Protocol

from groundwire_server.domain.event import Event


class Sink(Protocol):
    """Takes what happens on the way to an outcome, in order. A unary answer ignores it."""

    async def emit(self, event: Event) -> None:
        """Take one event; waits while the reader is slow."""
        ...

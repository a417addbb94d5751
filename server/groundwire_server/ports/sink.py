"""Where events go."""

from typing import Protocol

from groundwire_server.domain.event import NumberedEvent


class Sink(Protocol):
    """Takes what happens on the way to an outcome, in order."""

    async def emit(self, event: NumberedEvent) -> None:
        """Take one event; waits while the reader is slow."""
        ...

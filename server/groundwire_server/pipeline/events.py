"""The events of one answer on their way to its reader."""

from groundwire_server.domain.event import Event, Numbering
from groundwire_server.ports.sink import Sink


class EventStream:
    """Numbers events and hands them to the sink, where there is one: a unary answer shows none."""

    def __init__(self, sink: Sink | None) -> None:
        self._sink = sink
        self._numbering = Numbering()

    async def emit(self, event: Event) -> None:
        """Hand the next event over; waits while the reader is slow."""
        if self._sink is not None:
            await self._sink.emit(self._numbering.next(event))

"""A sink that keeps what it takes."""

from groundwire_server.domain.event import Event, NumberedEvent


class RecordingSink:
    """Keeps events with their numbers; `events` is what they say."""

    def __init__(self) -> None:
        self.numbered: list[NumberedEvent] = []

    @property
    def events(self) -> list[Event]:
        return [numbered.event for numbered in self.numbered]

    async def emit(self, event: NumberedEvent) -> None:
        self.numbered.append(event)

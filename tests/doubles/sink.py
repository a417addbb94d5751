"""A sink that keeps what it takes."""

from groundwire_server.domain.event import Event


class RecordingSink:
    def __init__(self) -> None:
        self.events: list[Event] = []

    async def emit(self, event: Event) -> None:
        self.events.append(event)

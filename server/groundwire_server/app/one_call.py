"""What recording and replaying one call have in common."""

from dataclasses import replace

from groundwire_server.domain.event import Event
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.plain import digest
from groundwire_server.pipeline.routes import Ports, RouteTable


class PortsOfOneCall(RouteTable):
    """The ports of one call.

    Args:
        ports: whatever its route.
    """

    def __init__(self, ports: Ports) -> None:
        super().__init__({})
        self._ports = ports

    def ports(self, inquiry: Inquiry) -> Ports:
        """Return them."""
        del inquiry
        return self._ports


def event_digest(event: Event | None) -> str | None:
    """Return a digest of an event as it is sent.

    It is None for an outcome, which a recording holds itself, and where there is no event.
    """
    return None if event is None or isinstance(event, Outcome) else digest(Event, event, _sent)


def _sent(passage: Passage) -> Passage:
    """Return a passage without its access list, which no caller is sent and not every recording has."""
    return replace(passage, allowed_principals=frozenset())

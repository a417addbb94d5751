"""What happens on the way to an outcome, as a stream's reader sees it."""

from dataclasses import dataclass
from typing import TypeAlias

from groundwire_server.domain.answer import Citation
from groundwire_server.domain.evidence import Evidence
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.vocabulary import Assurance, Cause, StreamMode


@dataclass(frozen=True, slots=True)
class Started:
    """The question was accepted."""

    request_id: str
    trace_id: str
    route: str
    mode: StreamMode


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of text; provisional text may be retracted."""

    text: str
    assurance: Assurance


@dataclass(frozen=True, slots=True)
class Retraction:
    """All provisional text sent so far, and its citations, no longer count."""

    cause: Cause


Event: TypeAlias = Started | Evidence | TextDelta | Citation | Retraction | Outcome


@dataclass(frozen=True, slots=True)
class NumberedEvent:
    """An event in its place.

    Attributes:
        sequence: counts the stream's events from 1.
        first_retractable: the number of the first event that a retraction in this place takes back; 0 if there is none.
    """

    sequence: int
    first_retractable: int
    event: Event


class Numbering:
    """Gives the events of one stream their places."""

    def __init__(self) -> None:
        self._sequence = 0
        self._first_retractable = 0

    def next(self, event: Event) -> NumberedEvent:
        """Place the event that follows."""
        self._sequence += 1
        if isinstance(event, TextDelta | Citation) and not self._first_retractable:
            self._first_retractable = self._sequence
        placed = NumberedEvent(self._sequence, self._first_retractable, event)
        if isinstance(event, Retraction):
            self._first_retractable = 0
        return placed

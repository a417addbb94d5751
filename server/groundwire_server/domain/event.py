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
    """Provisional text sent so far, and its citations, no longer count.

    Attributes:
        kept: how many of the deltas and citations that still count go on counting, the first ones; 0 takes back all.
    """

    cause: Cause
    kept: int = 0


Event: TypeAlias = Started | Evidence | TextDelta | Citation | Retraction | Outcome


@dataclass(frozen=True, slots=True)
class NumberedEvent:
    """An event in its place.

    Attributes:
        sequence: counts the stream's events from 1.
        first_retracted: the number of the first event that a retraction takes back; 0 if there is none, and for any
            other event.
    """

    sequence: int
    first_retracted: int
    event: Event


class Numbering:
    """Gives the events of one stream their places."""

    def __init__(self) -> None:
        self._sequence = 0
        self._retractable: list[int] = []

    def next(self, event: Event) -> NumberedEvent:
        """Place the event that follows."""
        self._sequence += 1
        first_retracted = 0
        if isinstance(event, TextDelta | Citation):
            self._retractable.append(self._sequence)
        elif isinstance(event, Retraction):
            first_retracted = next(iter(self._retractable[event.kept :]), 0)
            del self._retractable[event.kept :]
        return NumberedEvent(self._sequence, first_retracted, event)

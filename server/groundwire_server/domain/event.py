"""What happens on the way to an outcome, as a stream's reader sees it."""

from dataclasses import dataclass
from typing import TypeAlias

from groundwire_server.domain.answer import Citation
from groundwire_server.domain.evidence import Evidence
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.vocabulary import Cause, StreamMode


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
    verified: bool


@dataclass(frozen=True, slots=True)
class Retraction:
    """All text and citations sent so far that are not verified no longer count."""

    cause: Cause


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The run is alive while there is nothing else to say."""


Event: TypeAlias = Started | Evidence | TextDelta | Citation | Retraction | Heartbeat | Outcome

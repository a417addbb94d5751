"""Reading what a model writes while it is being written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import jiter
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from groundwire_server.domain.answer import Segment
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.vocabulary import Cause, Confidence
from groundwire_server.pipeline.normalize import fold

_SEGMENT_DEPTH = 2


class _Segment(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    text: str
    cites: list[str] = Field(max_length=64)


class _Draft(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    confidence: Literal["low", "medium", "high"]
    segments: list[_Segment] = Field(max_length=256)


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a generation; the segments that passed their checks are at the gate.

    Attributes:
        violation: what the model did wrong; it was stopped there.
        draft: its own words.
    """

    confidence: Confidence | None
    usage: Usage
    violation: Failure | None = None
    draft: str = ""


class DraftReader:
    """Takes a draft's text as it comes and tells which segments are complete.

    The draft is one JSON object; a segment is complete as soon as its own object is closed.
    Text is normalized here, before anybody sees it.

    Args:
        limit: characters that a draft may have: a piece is read together with all before it.
        partial: whether `unfinished` is wanted; without it a piece that completes nothing is not read yet.

    Attributes:
        confidence: once it has been read.
        unfinished: the text so far of the segment that is being written.
    """

    def __init__(self, limit: int, *, partial: bool = True) -> None:
        self._limit = limit
        self._partial = partial
        self._text = ""
        self._brackets = _Brackets()
        self._taken = 0
        self.confidence: Confidence | None = None
        self.unfinished = ""

    def feed(self, text: str) -> Sequence[Segment]:
        """Take the next piece; return the segments that it completed.

        Raises:
            Failure: OUTPUT_MALFORMED as soon as the draft cannot become valid any more, OUTPUT_TOO_LONG over the limit.
        """
        if len(self._text) + len(text) > self._limit:
            raise Failure(Cause.OUTPUT_TOO_LONG)
        self._text += text
        completes = self._brackets.feed(text)
        if self.confidence is not None and not completes and not self._partial:
            return ()
        try:
            seen = jiter.from_json(self._text.encode(), partial_mode="trailing-strings")
        except ValueError:
            # Before the first bracket there is nothing to read yet, unless it is prose.
            if self._text.strip():
                raise Failure(Cause.OUTPUT_MALFORMED) from None
            return ()
        if not isinstance(seen, dict):
            raise Failure(Cause.OUTPUT_MALFORMED)
        if not seen.keys() <= _Draft.model_fields.keys():
            raise Failure(Cause.OUTPUT_MALFORMED)
        # The last string may still grow, so the confidence counts from the next key on.
        if self.confidence is None and next(reversed(seen), None) != "confidence":
            self.confidence = _confidence(seen.get("confidence"))
        return self._completed(seen.get("segments", []))

    @property
    def text(self) -> str:
        """What has come so far."""
        return self._text

    def finish(self) -> None:
        """Check the whole draft against its schema.

        Raises:
            Failure: OUTPUT_EMPTY or OUTPUT_MALFORMED.
        """
        if not self._text.strip():
            raise Failure(Cause.OUTPUT_EMPTY)
        try:
            draft = _Draft.model_validate_json(self._text)
        except ValidationError:
            raise Failure(Cause.OUTPUT_MALFORMED) from None
        self.confidence = Confidence(draft.confidence.upper())

    def _completed(self, segments: object) -> Sequence[Segment]:
        if not isinstance(segments, list):
            raise Failure(Cause.OUTPUT_MALFORMED)
        fresh = [_segment(value) for value in segments[self._taken : self._brackets.closed]]
        self._taken += len(fresh)
        self.unfinished = _text_of(segments[self._taken]) if len(segments) > self._taken else ""
        return fresh


class _Brackets:
    """Counts the objects that were closed right inside the draft's list of segments."""

    _SIGNIFICANT = re.compile(r'\\.|["{}]', re.DOTALL)

    def __init__(self) -> None:
        self._depth = 0
        self._quoted = False
        self._escape_pending = False
        self.closed = 0

    def feed(self, text: str) -> bool:
        """Take the next piece; return whether it closed one."""
        before = self.closed
        if self._escape_pending:
            text = "\\" + text
        self._escape_pending = False
        end = 0
        for match in self._SIGNIFICANT.finditer(text):
            end = match.end()
            match match.group():
                case '"':
                    self._quoted = not self._quoted
                case "{" if not self._quoted:
                    self._depth += 1
                case "}" if not self._quoted:
                    self.closed += self._depth == _SEGMENT_DEPTH
                    self._depth -= 1
                case _:
                    pass
        self._escape_pending = text.endswith("\\") and end < len(text)
        return self.closed > before


def _confidence(value: object) -> Confidence | None:
    if value is None:
        return None
    if value not in ("low", "medium", "high"):
        raise Failure(Cause.OUTPUT_MALFORMED)
    return Confidence(str(value).upper())


def _segment(value: object) -> Segment:
    try:
        segment = _Segment.model_validate(value)
    except ValidationError:
        raise Failure(Cause.OUTPUT_MALFORMED) from None
    text = fold(segment.text)
    if not text:
        raise Failure(Cause.OUTPUT_MALFORMED)
    return Segment(text, tuple(dict.fromkeys(segment.cites)))


def _text_of(value: object) -> str:
    text = value.get("text") if isinstance(value, dict) else None
    return fold(text) if isinstance(text, str) else ""

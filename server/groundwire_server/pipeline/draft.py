"""Reading what a model writes while it is being written."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import jiter

from groundwire_server.domain.answer import Segment
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause, Confidence
from groundwire_server.pipeline.handles import CitationHandles
from groundwire_server.pipeline.normalize import fold

_SEGMENT_DEPTH: Final = 2
_MOST_SEGMENTS: Final = 256

_DRAFT_KEYS: Final = frozenset({"confidence", "segments"})
_SEGMENT_KEYS: Final = frozenset({"text", "cites"})
_CONFIDENCES: Final = {level.value.lower(): level for level in Confidence}


class DraftReader:
    """A draft that is read as it comes: the segments of it that are complete, and the beginning of the next.

    The draft is one JSON object; a segment is complete as soon as its own object is closed. What follows the draft's
    object is words, unless it is another object. Text is normalized here, and rid of the markers of citations, before
    anybody sees it.

    What departs from the form is read where it can mean one thing only: `"High"`, `"[p1]"` or `1` for `p1`, one
    citation in place of a list, line ends within strings. A key that is not of the form, or that comes twice, is
    refused: what stands there would be lost without a word.

    Args:
        limit: characters that a draft may have: a piece is read together with all before it.
        partial: whether `unfinished` is wanted; without it a piece that completes nothing is not read yet.

    Attributes:
        confidence: once it has been read.
        unfinished: the text so far of the segment that is being written.
    """

    def __init__(self, limit: int, *, partial: bool = True) -> None:
        self._limit = limit
        self._handles = CitationHandles({})
        self._partial = partial
        self._text = ""
        self._brackets = _Brackets()
        self._taken = 0
        self._ambiguous = False
        self.confidence: Confidence | None = None
        self.unfinished = ""

    def cites(self, passages: Mapping[str, Passage]) -> None:
        """Say which passages the draft may cite, by handle; until then no handle is known."""
        self._handles = CitationHandles(passages)

    def feed(self, text: str) -> Sequence[Segment]:
        """Take the next piece; return the segments that it completed.

        Raises:
            Failure: OUTPUT_MALFORMED as soon as the draft cannot become valid any more, OUTPUT_TOO_LONG over the limit.
        """
        if self._brackets.ended:
            self._follows(text)
            return ()
        if len(self._text) + len(text) > self._limit:
            raise Failure(Cause.OUTPUT_TOO_LONG)
        closed = self._brackets.closed
        end = self._brackets.feed(text)
        self._text += text[:end]
        self._follows(text[end:])
        if self.confidence is not None and self._brackets.closed == closed and not self._partial:
            return ()
        seen = self._parsed()
        if seen is None:
            return ()
        if not isinstance(seen, dict) or not seen.keys() <= _DRAFT_KEYS:
            raise Failure(Cause.OUTPUT_MALFORMED)
        # The last string may still grow, so the confidence counts from the next key on.
        if self.confidence is None and next(reversed(seen), None) != "confidence":
            self.confidence = _confidence(seen.get("confidence"))
        return self._completed(seen.get("segments", []))

    @property
    def text(self) -> str:
        """The draft so far, as the model wrote it."""
        return self._text

    def finish(self) -> None:
        """Check the draft as a whole.

        Raises:
            Failure: OUTPUT_EMPTY or OUTPUT_MALFORMED.
        """
        if not self._text.strip():
            raise Failure(Cause.OUTPUT_EMPTY)
        try:
            draft = jiter.from_json(self._text.encode(), catch_duplicate_keys=True)
        except ValueError:
            raise Failure(Cause.OUTPUT_MALFORMED) from None
        whole = isinstance(draft, dict) and draft.keys() == _DRAFT_KEYS and len(draft["segments"]) == self._taken
        if not whole or self._ambiguous:
            raise Failure(Cause.OUTPUT_MALFORMED)
        self.confidence = _confidence(draft["confidence"])
        if self.confidence is None:
            raise Failure(Cause.OUTPUT_MALFORMED)

    def _follows(self, text: str) -> None:
        """Note whether another object follows the draft's: which of the two is meant cannot be known."""
        self._ambiguous = self._ambiguous or "{" in text

    def _parsed(self) -> Any:
        """The draft as far as it has come; None before it begins."""
        try:
            return jiter.from_json(self._text.encode(), partial_mode="trailing-strings")
        except ValueError:
            if not self._text.strip():
                return None
            before, self._text = self._text, _ODD.sub(_replaced, self._text)
        if self._text == before:
            raise Failure(Cause.OUTPUT_MALFORMED)
        return self._parsed()

    def _completed(self, segments: object) -> Sequence[Segment]:
        if not isinstance(segments, list) or len(segments) > _MOST_SEGMENTS:
            raise Failure(Cause.OUTPUT_MALFORMED)
        fresh = [self._segment(value) for value in segments[self._taken : self._brackets.closed]]
        self._taken += len(fresh)
        self.unfinished = self._beginning(segments[self._taken]) if len(segments) > self._taken else ""
        return fresh

    def _segment(self, value: object) -> Segment:
        if not isinstance(value, dict) or value.keys() != _SEGMENT_KEYS or not isinstance(value["text"], str):
            raise Failure(Cause.OUTPUT_MALFORMED)
        text, marked = self._handles.without_markers(fold(value["text"]))
        if not text:
            raise Failure(Cause.OUTPUT_MALFORMED)
        return Segment(text, self._handles.cited(value["cites"]) or marked)

    def _beginning(self, value: object) -> str:
        text = value.get("text") if isinstance(value, dict) else None
        return self._handles.settled(fold(text)) if isinstance(text, str) else ""


class _Brackets:
    """Counts the objects that were closed right inside the draft's list of segments, up to the draft's own end."""

    _TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?P<end>"?)|[{}]', re.DOTALL)
    _REST_OF_STRING = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*(?P<end>"?)', re.DOTALL)

    def __init__(self) -> None:
        self._depth = 0
        self._quoted = False
        self._escape = ""
        self.closed = 0
        self.ended = False

    def feed(self, text: str) -> int:
        """Take the next piece; return how many of its characters belong to the draft."""
        size = len(text)
        if self._escape:
            text, self._escape = self._escape + text, ""
        if self._quoted and '"' not in text and "\\" not in text:
            # Nearly every piece is a few words of a text.
            return size
        at = 0
        if self._quoted:
            at = self._in_string(self._REST_OF_STRING.match(text), text)
        for token in self._TOKEN.finditer(text, at):
            match text[token.start()]:
                case "{":
                    self._depth += 1
                case "}":
                    self.closed += self._depth == _SEGMENT_DEPTH
                    self._depth -= 1
                    if self._depth <= 0:
                        self.ended = True
                        return token.end() - len(text) + size
                case _:
                    if not token["end"]:
                        self._in_string(token, text)
        return size

    def _in_string(self, string: "re.Match[str] | None", text: str) -> int:
        """Note whether a string goes on after the piece, and a backslash that awaits what it escapes."""
        end = string.end() if string else 0
        self._quoted = not (string and string["end"])
        if self._quoted and end < len(text):
            self._escape = "\\"
            return len(text)
        return end


_ODD: Final = re.compile(
    # Both halves of a character, the first at the end of what has come, and any other escape are as they should be.
    r"\\u[dD][89abAB][\da-fA-F]{2}(?:\\u[dD][c-fC-F][\da-fA-F]{2}|(?=\\?\Z|\\u[\da-fA-F]{0,3}\Z))"
    r"|(?P<half>\\u[dD][89a-fA-F][\da-fA-F]{2}|[\ud800-\udfff])"
    r"|\\."
    r"|(?P<control>[\x00-\x1f])",
    re.DOTALL,
)
"""What JSON does not allow within strings and models write: half of a character, and control characters."""


def _replaced(odd: re.Match[str]) -> str:
    if odd["half"]:
        return "\ufffd"
    # White space to JSON, as it is to a text that is folded.
    return " " if odd["control"] else odd[0]


def _confidence(value: object) -> Confidence | None:
    if value is None:
        return None
    level = _CONFIDENCES.get(value.strip().lower()) if isinstance(value, str) else None
    if level is None:
        raise Failure(Cause.OUTPUT_MALFORMED)
    return level

"""Reading what a model writes while it is being written."""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final

import jiter

from groundwire_server.domain.answer import Segment
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.fencing.leak import LeakCheck, PromptWords
from groundwire_server.domain.generation import Prompt
from groundwire_server.domain.vocabulary import Cause, Confidence
from groundwire_server.pipeline.handles import CitationHandles
from groundwire_server.pipeline.normalize import fold_lines

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
        segments: those that are complete, in order.
        unfinished: the text so far of the segment that is being written.
        failure: OUTPUT_MALFORMED as soon as the draft cannot become valid any more, OUTPUT_TOO_LONG over the limit, or
            PROMPT_LEAKED as soon as it says again what its prompt says.
            What was complete before that has been returned all the same, however the draft was cut into pieces.
    """

    def __init__(self, limit: int, *, partial: bool = True) -> None:
        self._limit = limit
        self._handles = CitationHandles({})
        self._originals: Mapping[int, str] = {}
        self._leak = LeakCheck(PromptWords(), "", ())
        self._partial = partial
        self._text = ""
        self._brackets = _Brackets()
        self._taken = 0
        self._ambiguous = False
        self.confidence: Confidence | None = None
        self.segments: list[Segment] = []
        self.unfinished = ""
        self.failure: Failure | None = None

    def answers(self, prompt: Prompt) -> None:
        """Set the prompt that the draft answers: the passages that it may cite, and the words that it may not repeat.

        Until then no handle is known.
        """
        self._handles = CitationHandles(prompt.handles)
        self._originals = prompt.originals
        self._leak = LeakCheck(prompt.words, prompt.mark, [passage.text for passage in prompt.handles.values()])

    def feed(self, text: str) -> Sequence[Segment]:
        """Take the next piece; return the segments that it completed."""
        if self.failure is not None:
            return ()
        if self._brackets.ended:
            self._follows(text)
            return ()
        room = self._limit - len(self._text)
        closed = self._brackets.closed
        end = self._brackets.feed(text[:room])
        self._text += text[:end]
        if len(text) > room and not self._brackets.ended:
            self.failure = Failure(Cause.OUTPUT_TOO_LONG)
        else:
            self._follows(text[end:])
            if self.confidence is not None and self._brackets.closed == closed and not self._partial:
                return ()
        if not self._text.strip():
            return ()
        fresh: list[Segment] = []
        try:
            self._read(fresh)
        except Failure as failure:
            self.failure = self.failure or failure
        return fresh

    @property
    def text(self) -> str:
        """The draft so far, as the model wrote it."""
        return self._text

    @property
    def complete(self) -> bool:
        """Whether the model has come to the end of a draft that can be read."""
        return self._brackets.ended and self.failure is None

    def finish(self) -> None:
        """Check the draft as a whole.

        Raises:
            Failure: OUTPUT_EMPTY, OUTPUT_MALFORMED, OUTPUT_TOO_LONG or PROMPT_LEAKED.
        """
        if self.failure is not None:
            raise self.failure
        if not self._text.strip():
            raise Failure(Cause.OUTPUT_EMPTY)
        try:
            draft = jiter.from_json(self._text.encode(), catch_duplicate_keys=True)
        except ValueError:
            raise Failure(Cause.OUTPUT_MALFORMED) from None
        if not isinstance(draft, dict) or draft.keys() != _DRAFT_KEYS or self._ambiguous:
            raise Failure(Cause.OUTPUT_MALFORMED)
        if not isinstance(draft["segments"], list) or len(draft["segments"]) != self._taken:
            raise Failure(Cause.OUTPUT_MALFORMED)
        self.confidence = _confidence(draft["confidence"])
        if self.confidence is None:
            raise Failure(Cause.OUTPUT_MALFORMED)

    def _follows(self, text: str) -> None:
        """Note whether another object follows the draft's: which of the two is meant cannot be known."""
        self._ambiguous = self._ambiguous or "{" in text

    def _read(self, fresh: list[Segment]) -> None:
        """Read the draft as far as it has come, key after key; `fresh` takes the segments that it completes.

        Raises:
            Failure: OUTPUT_MALFORMED where the draft departs from its form, or PROMPT_LEAKED.
        """
        seen = self._parsed()
        if not isinstance(seen, dict):
            raise Failure(Cause.OUTPUT_MALFORMED)
        last = next(reversed(seen), None)
        for key, value in seen.items():
            match key:
                case "confidence":
                    # The last string may still grow.
                    if self.confidence is None and key != last:
                        self.confidence = _confidence(value)
                case "segments":
                    self._complete(value, fresh)
                case _:
                    raise Failure(Cause.OUTPUT_MALFORMED)

    def _parsed(self) -> object:
        """Return the draft as far as it has come, or as far as it can be read."""
        seen = _object(self._text)
        if seen is None:
            self._text = _ODD.sub(_replaced, self._text)
            seen = _object(self._text)
        if seen is not None:
            return seen
        self.failure = Failure(Cause.OUTPUT_MALFORMED)
        scanned = _Brackets()
        scanned.feed(self._text)
        readable = bisect_left(scanned.closed_at, True, key=lambda end: _object(self._text[:end]) is None)
        return _object(self._text[: scanned.closed_at[readable - 1]]) if readable else None

    def _complete(self, segments: object, fresh: list[Segment]) -> None:
        if not isinstance(segments, list) or len(segments) > _MOST_SEGMENTS:
            raise Failure(Cause.OUTPUT_MALFORMED)
        self.unfinished = ""
        for value in segments[self._taken : self._brackets.closed]:
            fresh.append(self._segment(value))
            self.segments.append(fresh[-1])
            self._taken += 1
        if len(segments) > self._taken:
            self.unfinished = self._beginning(segments[self._taken])

    def _segment(self, value: object) -> Segment:
        if not isinstance(value, dict) or value.keys() != _SEGMENT_KEYS or not isinstance(value["text"], str):
            raise Failure(Cause.OUTPUT_MALFORMED)
        text, marked = self._handles.without_markers(self._as_in_passages(value["text"]))
        if not text.strip():
            raise Failure(Cause.OUTPUT_MALFORMED)
        self._check_leak(text)
        self._leak.passed(text)
        return Segment(text, self._handles.cited(value["cites"]) or marked)

    def _beginning(self, value: object) -> str:
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str):
            return ""
        settled = self._handles.settled(self._as_in_passages(text))
        self._check_leak(settled)
        return settled

    def _as_in_passages(self, text: str) -> str:
        """Return a text in one form, with the signs that passages have in place of those that stood in for them."""
        text = fold_lines(text)
        return text.translate(self._originals) if self._originals else text

    def _check_leak(self, text: str) -> None:
        if self._leak.leaks(text):
            raise Failure(Cause.PROMPT_LEAKED)


class _Brackets:
    """Where objects close directly in the draft's list of segments, up to the draft's own end.

    Attributes:
        closed_at: the position after each, in characters of all that has been fed.
        ended: whether the draft's own object is closed.
    """

    _TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?P<end>"?)|[{}]', re.DOTALL)
    _REST_OF_STRING = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*(?P<end>"?)', re.DOTALL)

    def __init__(self) -> None:
        self._depth = 0
        self._quoted = False
        self._escape = ""
        self._before = 0
        self.closed_at: list[int] = []
        self.ended = False

    @property
    def closed(self) -> int:
        """How many have been closed."""
        return len(self.closed_at)

    def feed(self, text: str) -> int:
        """Take the next piece; return how many of its characters belong to the draft."""
        size = len(text)
        self._before += size
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
                    if self._depth == _SEGMENT_DEPTH:
                        self.closed_at.append(self._before - len(text) + token.end())
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


def _object(text: str) -> object:
    """Return the value that a text begins, with a string that has not ended yet; None for a text that is no JSON."""
    try:
        return jiter.from_json(text.encode(), partial_mode="trailing-strings")
    except ValueError:
        return None


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

"""The release gates: the one way by which text reaches a stream's reader before the outcome."""

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Sequence

from groundwire_server.domain.answer import CheckedSegment, separator
from groundwire_server.domain.event import Retraction, TextDelta
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Assurance, Cause, Confidence, StreamMode
from groundwire_server.pipeline.events import EventStream
from groundwire_server.ports.sink import Sink


def release_gate(sink: Sink | None, mode: StreamMode, events: EventStream, *, held: bool = False) -> "ReleaseGate":
    """Return the gate of a stream's mode, or that of a unary answer where there is no sink.

    Args:
        sink: the stream's.
        mode: the stream's.
        events: the stream's, numbered.
        held: whether checked text waits until the whole answer is known.
    """
    if sink is None:
        return UnaryGate()
    if mode is StreamMode.PROVISIONAL:
        return ProvisionalGate(events)
    return HeldGate(events) if held else CheckedGate(events)


class ReleaseGate(ABC):
    """Collects the segments that passed their checks, and lets through what its mode allows.

    Attributes:
        released: the segments that passed their checks, in order.
        confidence: the least that a model has said of an answer of which a segment passed; None before one has.
        left_out: why each sentence that was left out of what was released was below the minimum.
    """

    shows_unfinished = False
    """Whether the segment that is being written is shown as it grows."""

    def __init__(self) -> None:
        self.released: tuple[CheckedSegment, ...] = ()
        self.confidence: Confidence | None = None
        self.left_out: tuple[Cause, ...] = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(released={len(self.released)}, committed={self.committed})"

    @property
    def text(self) -> str:
        """The text of the released segments."""
        return "".join(segment.delta for segment in self.released)

    @property
    def committed(self) -> bool:
        """Whether text has left that cannot be taken back: what follows can only continue it."""
        return False

    @property
    def retractable(self) -> bool:
        """Whether what is released now could be taken back later."""
        return True

    async def show(self, unfinished: str) -> None:  # noqa: B027  # most modes show nothing
        """Show the text so far of the segment that is being written, where the mode allows it."""

    async def release(self, segments: Sequence[CheckedSegment], confidence: Confidence | None) -> None:
        """Take segments that passed their checks: their text leaves as one, for they came as one.

        Args:
            segments: in order.
            confidence: what the model says of the answer that they are of; None when it has not said it yet.
        """
        if not segments:
            return
        self.released = (*self.released, *segments)
        if confidence is not None:
            self.confidence = confidence.and_(self.confidence)
        await self._emit(segments)

    async def withdraw(self, cause: Cause) -> None:  # noqa: B027  # most modes show nothing
        """Take back what was shown beyond the released segments; these stand."""

    async def retract(self, cause: Cause) -> None:
        """Take back what a failed attempt has released and shown, unless it is committed."""
        if self.committed:
            return
        self.released = ()
        self.confidence = None
        self.left_out = ()
        await self._take_back(cause)

    async def conclude(self) -> None:  # noqa: B027  # most modes hold nothing
        """Let the released segments leave that waited until the answer was known to stand."""

    @abstractmethod
    async def _emit(self, segments: Sequence[CheckedSegment]) -> None: ...

    @abstractmethod
    async def _take_back(self, cause: Cause) -> None: ...


class UnaryGate(ReleaseGate):
    """Nothing leaves before the outcome."""

    async def _emit(self, segments: Sequence[CheckedSegment]) -> None:
        """Keep them for the outcome."""

    async def _take_back(self, cause: Cause) -> None:
        """Nothing has left."""


class CheckedGate(ReleaseGate):
    """Segments leave once they are checked, and stand."""

    def __init__(self, events: EventStream) -> None:
        super().__init__()
        self._events = events

    @property
    def committed(self) -> bool:
        """Whether a segment has left."""
        return bool(self.released)

    @property
    def retractable(self) -> bool:
        """Never."""
        return False

    async def _emit(self, segments: Sequence[CheckedSegment]) -> None:
        await self._events.emit(_delta(segments))
        await _emit_citations(self._events, segments)

    async def _take_back(self, cause: Cause) -> None:
        """Nothing has left: what has left is committed."""


class HeldGate(ReleaseGate):
    """Segments leave together, once the whole answer is known to stand."""

    def __init__(self, events: EventStream) -> None:
        super().__init__()
        self._events = events

    async def conclude(self) -> None:
        """Let them leave."""
        if self.released:
            await self._events.emit(_delta(self.released))
            await _emit_citations(self._events, self.released)

    async def _emit(self, segments: Sequence[CheckedSegment]) -> None:
        """Keep them until the end."""

    async def _take_back(self, cause: Cause) -> None:
        """Nothing has left."""


class ProvisionalGate(ReleaseGate):
    """Text leaves as it is written, and is taken back when it does not stand."""

    shows_unfinished = True

    def __init__(self, events: EventStream) -> None:
        super().__init__()
        self._events = events
        self._shown = ""
        self._emitted = 0
        self._standing = 0

    async def show(self, unfinished: str) -> None:
        """Show the text so far of the segment that is being written."""
        settled = _settled(unfinished)
        if settled:
            await self._extend(self.text + separator(self.text, settled) + settled.lstrip("\n"))

    async def withdraw(self, cause: Cause) -> None:
        """Take back the text so far of the segment that is being written."""
        if self._shown != self.text:
            self._shown, self._emitted = self.text, self._standing
            await self._events.emit(Retraction(cause, kept=self._standing))

    async def _emit(self, segments: Sequence[CheckedSegment]) -> None:
        await self._extend(self.text)
        self._emitted += sum(len(segment.citations) for segment in segments)
        self._standing = self._emitted
        await _emit_citations(self._events, segments)

    async def _take_back(self, cause: Cause) -> None:
        if self._shown:
            self._shown, self._emitted, self._standing = "", 0, 0
            await self._events.emit(Retraction(cause))

    async def _extend(self, text: str) -> None:
        if self._shown.startswith(text):
            return
        if not text.startswith(self._shown):
            # A key that came twice: what was shown is not what counts.
            raise Failure(Cause.OUTPUT_MALFORMED)
        # Before it is written: a write that is cancelled may still arrive, and must be taken back.
        before, self._shown = self._shown, text
        self._emitted += 1
        await self._events.emit(TextDelta(text[len(before) :], Assurance.PROVISIONAL))


def _delta(segments: Sequence[CheckedSegment]) -> TextDelta:
    assurance = min((segment.assurance for segment in segments), key=tuple(Assurance).index)
    return TextDelta("".join(segment.delta for segment in segments), assurance)


async def _emit_citations(events: EventStream, segments: Sequence[CheckedSegment]) -> None:
    for segment in segments:
        for citation in segment.citations:
            await events.emit(citation)


def _settled(text: str) -> str:
    """Return the text without its last character and that one's marks: what comes next may still compose with them."""
    end = len(text) - 1
    while end > 0 and unicodedata.combining(text[end]):
        end -= 1
    return text[: max(0, end)].rstrip()

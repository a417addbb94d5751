"""The release gate: the one way by which text reaches a stream before the outcome."""

import unicodedata
from collections.abc import Sequence

from groundwire_server.domain.answer import CheckedSegment
from groundwire_server.domain.event import Retraction, TextDelta
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Assurance, Cause, Confidence, StreamMode
from groundwire_server.ports.sink import Sink


class Gate:
    """Lets verified segments through, or provisional text that it may take back.

    Without a sink nothing leaves before the outcome: a unary answer.

    Attributes:
        passed: the segments that passed their checks, in order.
        confidence: the least that a model has said of an answer of which a segment passed; None before one has.
    """

    def __init__(self, sink: Sink | None, mode: StreamMode) -> None:
        self._sink = sink
        self._mode = mode
        self._shown = ""
        self.passed: tuple[CheckedSegment, ...] = ()
        self.confidence: Confidence | None = None

    @property
    def text(self) -> str:
        """The text of the segments that passed."""
        return "".join(segment.delta for segment in self.passed)

    @property
    def stands(self) -> bool:
        """Whether verified text has left and can no longer be taken back."""
        return self._sink is not None and self._mode is StreamMode.CHECKED and bool(self.passed)

    @property
    def retractable(self) -> bool:
        """Whether what passes may still be taken back."""
        return self._sink is None or self._mode is StreamMode.PROVISIONAL

    @property
    def shows_unfinished(self) -> bool:
        """Whether the segment that is being written is shown as it grows."""
        return self._sink is not None and self._mode is StreamMode.PROVISIONAL

    async def provisional(self, unfinished: str) -> None:
        """Show the text so far of the segment that is being written, where the mode allows it."""
        if not self.shows_unfinished or not unfinished:
            return
        await self._show(self._joined(_settled(unfinished)))

    async def verified(self, segments: Sequence[CheckedSegment]) -> None:
        """Take segments that passed their checks: their text leaves as one, for they came as one."""
        if not segments:
            return
        self.passed = (*self.passed, *segments)
        if self._sink is None:
            return
        if self._mode is StreamMode.PROVISIONAL:
            await self._show(self.text)
        else:
            delta = "".join(segment.delta for segment in segments)
            assurance = min((segment.assurance for segment in segments), key=tuple(Assurance).index)
            await self._sink.emit(TextDelta(delta, assurance))
            self._shown += delta
        for segment in segments:
            for citation in segment.citations:
                await self._sink.emit(citation)

    async def retract(self, cause: Cause) -> None:
        """Take back what an attempt that failed has shown, unless it was verified."""
        if self.stands:
            return
        if self._sink is not None and self._shown:
            await self._sink.emit(Retraction(cause))
        self._shown = ""
        self.passed = ()
        self.confidence = None

    def _joined(self, unfinished: str) -> str:
        return f"{self.text} {unfinished}" if self.passed and unfinished else self.text + unfinished

    async def _show(self, text: str) -> None:
        if self._sink is None or self._shown.startswith(text):
            return
        if not text.startswith(self._shown):
            # A key that came twice: what was shown is not what counts.
            raise Failure(Cause.OUTPUT_MALFORMED)
        # Before it is written: a write that is cancelled may still arrive, and must be taken back.
        before, self._shown = self._shown, text
        await self._sink.emit(TextDelta(text[len(before) :], Assurance.PROVISIONAL))


def _settled(text: str) -> str:
    """Without the last character and its marks: what comes next may still compose with them."""
    end = len(text) - 1
    while end > 0 and unicodedata.combining(text[end]):
        end -= 1
    return text[: max(0, end)].rstrip()

"""Having a model write into the release gate."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from groundwire_server.domain.answer import CheckedSegment, Segment
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.vocabulary import Cause, Confidence
from groundwire_server.pipeline.draft import DraftReader, Written
from groundwire_server.pipeline.gate import Gate
from groundwire_server.pipeline.meter import Meter
from groundwire_server.pipeline.support import Source
from groundwire_server.pipeline.validate import check_segment
from groundwire_server.ports.generator import Generator

_OVERHEAD = 8
"""Characters of a draft for one of its text: `\\u00e9` is six, and citations come on top."""

_FRAME = 2048
"""Characters of a draft besides its text, for an answer of a few words."""


async def generate(
    request: GenerationRequest,
    generator: Generator,
    gate: Gate,
    policy: Policy,
    began: Callable[[], None],
    meter: Meter,
    by: Deadline,
) -> Written:
    """Have a model write; check each segment as it is completed and let it through the gate.

    What stands at the gate already is continued: what a segment says again at its beginning is dropped, and the
    confidence is the lower of the two. A violation ends the generation at once, so that nothing is paid that cannot be
    used. It is returned, not raised: what the model did is judged by the validate stage.

    Args:
        request: what the model is asked.
        generator: who is asked.
        gate: where segments go.
        policy: the route's limits.
        began: is called when the model's first output arrives.
        meter: counts what the model consumes.
        by: when the model must have finished.

    Raises:
        Failure: what the generator raised, or BUDGET_EXHAUSTED before it is asked.
    """
    writing = _Writing(request, gate, policy)
    with meter:
        async with aclosing(generator.generate(request, by)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Finish):
                    meter.counted(piece.usage)
                    return await writing.finish(piece)
                meter.wrote(piece)
                began()
                try:
                    await writing.take(piece)
                except Failure as violation:
                    return writing.written(violation)
        raise Failure(Cause.MODEL_INTERRUPTED)


class _Writing:
    """One draft on its way from the model to the gate."""

    def __init__(self, request: GenerationRequest, gate: Gate, policy: Policy) -> None:
        passages = request.prompt.handles
        self.reader = DraftReader(_OVERHEAD * policy.display_limit + _FRAME, passages, partial=gate.shows_unfinished)
        self._sources = {handle: Source(passage) for handle, passage in request.prompt.handles.items()}
        self._gate = gate
        self._policy = policy
        self._held: list[Segment] = []
        self._before = len(gate.passed)
        self._given = frozenset(each for segment in gate.passed for each in _said(segment.delta))

    async def take(self, text: str) -> None:
        self._held.extend(self.reader.feed(text))
        await self._release()
        if not self._held:
            if len(self._gate.text) + len(self.reader.unfinished) > self._policy.display_limit:
                raise Failure(Cause.OUTPUT_TOO_LONG)
            await self._gate.provisional(self.reader.unfinished)

    async def finish(self, finish: Finish) -> Written:
        violation: Failure | None = None
        try:
            self.reader.finish()
            await self._release()
        except Failure as failure:
            violation = Failure(Cause.OUTPUT_CUT_OFF) if finish.reason is FinishReason.LENGTH else failure
        if violation is None and self._given and len(self._gate.passed) == self._before:
            # It says that nothing is missing, unless it finds no answer in the passages.
            violation = Failure(Cause.MODEL_ABSTAINED) if self.reader.confidence is Confidence.LOW else None
        return self.written(violation)

    def written(self, violation: Failure | None) -> Written:
        confidence = self.reader.confidence
        together = None if confidence is None else confidence.and_(self._gate.confidence)
        return Written(together, violation, self.reader.text)

    async def _release(self) -> None:
        # A segment waits until the model has said how sure it is: a confidence that the route refuses
        # must not come to light after text has left.
        if self.reader.confidence is None and not self._gate.retractable:
            return
        if self._held and self.reader.confidence not in (None, *self._policy.allowed_confidence):
            raise Failure(Cause.CONFIDENCE_NOT_ALLOWED)
        held: Sequence[Segment] = self._held
        self._held = []
        before, checked = self._gate.text, list[CheckedSegment]()
        try:
            for segment in held:
                fresh = self._beyond_given(segment)
                if fresh is not None:
                    checked.append(check_segment(fresh, before, self._sources, self._policy))
                    before += checked[-1].delta
        finally:
            # What stands before a segment that fails is good.
            if checked and self.reader.confidence is not None:
                self._gate.confidence = self.reader.confidence.and_(self._gate.confidence)
            await self._gate.verified(checked)

    def _beyond_given(self, segment: Segment) -> Segment | None:
        """The segment without the sentences at its beginning that stand already; None when that is all of it."""
        if not self._given:
            return segment
        text = segment.text
        fresh = (start for start, end in sentences(text) if text[start:end].casefold() not in self._given)
        start = next(fresh, None)
        return None if start is None else replace(segment, text=text[start:])


def _said(text: str) -> list[str]:
    """A text's sentences, as they are compared."""
    return [text[start:end].casefold() for start, end in sentences(text)]

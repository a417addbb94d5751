"""Having a model write: its draft is read as it comes, and complete segments go on to be checked."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass

from groundwire_server.domain.answer import Segment
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest
from groundwire_server.domain.vocabulary import Cause, Confidence
from groundwire_server.pipeline.draft import DraftReader
from groundwire_server.pipeline.release import ReleaseGate
from groundwire_server.pipeline.stage import StageRunner, TimedStage
from groundwire_server.pipeline.usage_meter import UsageMeter
from groundwire_server.ports.generator import Generator

_WAITING = 16
"""Batches of segments that may wait for their check before the model is read no further."""

_OVERHEAD = 8
"""Characters of a draft for one of its text: `\\u00e9` is six, and citations come on top."""

_FRAME = 2048
"""Characters of a draft beside its text, for an answer of a few words."""


@dataclass(frozen=True, slots=True)
class DraftedSegments:
    """Segments that a model completed together.

    Attributes:
        confidence: what the model has said of its answer; None when it has not said it yet.
        unfinished: the text so far of the segment that follows, where it is to be shown.
    """

    segments: tuple[Segment, ...]
    confidence: Confidence | None
    unfinished: str = ""


class SegmentQueue:
    """The bounded queue between a model that writes and the checks beside it."""

    def __init__(self) -> None:
        self._queue = asyncio.Queue[DraftedSegments | None]()

    async def put(self, drafted: DraftedSegments, stage: TimedStage) -> None:
        """Hand segments over; where too many wait for their check, wait for it, which is not the model's time."""
        self._queue.put_nowait(drafted)
        if self._queue.qsize() > _WAITING:
            with stage.untimed():
                await self._queue.join()

    def end(self) -> None:
        """Say that nothing follows."""
        self._queue.put_nowait(None)

    async def get(self) -> DraftedSegments | None:
        """Return the next segments; None at the end."""
        return await self._queue.get()

    def done(self) -> None:
        """Say that the segments returned last have been dealt with."""
        self._queue.task_done()


def draft_reader(display_limit: int, gate: ReleaseGate) -> DraftReader:
    """Return the reader of one draft for an answer of at most that many code points."""
    return DraftReader(_OVERHEAD * display_limit + _FRAME, partial=gate.shows_unfinished)


async def generate(
    request: GenerationRequest,
    generator: Generator,
    draft: DraftReader,
    queue: SegmentQueue,
    gate: ReleaseGate,
    meter: UsageMeter,
    run: StageRunner,
    stage: TimedStage,
) -> None:
    """Have a model write into the draft, and put each segment into the queue as soon as it is complete.

    A segment waits until the model has said how sure it is, unless it could be taken back: a confidence that the route
    refuses must not come to light after text has left.

    Args:
        request: what the model is asked.
        generator: the model.
        draft: reads what it writes.
        queue: where complete segments go.
        gate: says what may leave before the end.
        meter: counts what the model consumes.
        run: records when the first output came.
        stage: the stage that this runs in.

    Raises:
        Failure: what the generator raised, BUDGET_EXHAUSTED before it is asked, or OUTPUT_MALFORMED, OUTPUT_EMPTY,
            OUTPUT_TOO_LONG or OUTPUT_CUT_OFF for a draft that cannot be read.
    """
    held: list[Segment] = []
    async with meter:
        async with aclosing(generator.generate(request, stage.deadline)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Finish):
                    meter.counted(piece.usage)
                    _finish(draft, piece.reason)
                    await queue.put(DraftedSegments(tuple(held), draft.confidence), stage)
                    return
                meter.wrote(piece)
                run.report.first_output(run.now())
                held.extend(draft.feed(piece))
                unfinished = draft.unfinished if gate.shows_unfinished else ""
                if (held or unfinished) and (gate.retractable or draft.confidence is not None):
                    await queue.put(DraftedSegments(tuple(held), draft.confidence, unfinished), stage)
                    held.clear()
                if draft.failure is not None:
                    raise draft.failure
        raise Failure(Cause.MODEL_INTERRUPTED)


def _finish(draft: DraftReader, reason: FinishReason) -> None:
    try:
        draft.finish()
    except Failure:
        if reason is FinishReason.LENGTH:
            raise Failure(Cause.OUTPUT_CUT_OFF) from None
        raise

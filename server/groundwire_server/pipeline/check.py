"""Checking what a model writes while it is being written: each segment before it may leave."""

from collections.abc import Mapping
from dataclasses import replace

from groundwire_server.domain.answer import CheckedSegment, Citation, Segment, Span
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.vocabulary import Cause, Stage
from groundwire_server.pipeline.generate import DraftedSegments, SegmentQueue
from groundwire_server.pipeline.release import ReleaseGate
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.pipeline.support import Source, check_sentence


async def check(queue: SegmentQueue, checker: "SegmentChecker", gate: ReleaseGate, run: StageRunner) -> None:
    """Check segments as they come and let them through the gate, in order; the stage begins with the first.

    Raises:
        Failure: for the first segment that may not leave; those before it have been released.
    """
    drafted = await queue.get()
    if drafted is None:
        return
    async with run.stage(Stage.CHECK) as stage:
        while drafted is not None:
            failure: Failure | None = None
            if drafted.segments:
                checked, failure = checker.check(drafted, gate.text)
                with stage.untimed():
                    await gate.release(checked, drafted.confidence)
            if failure is None and drafted.unfinished:
                failure = checker.check_length(gate.text, drafted.unfinished)
                if failure is None:
                    with stage.untimed():
                        await gate.show(drafted.unfinished)
            if failure is not None:
                raise failure
            queue.done()
            drafted = await queue.get()


class SegmentChecker:
    """The checks of one attempt's segments.

    What has been released already is continued: what a segment says again at its beginning is dropped.

    Args:
        handles: the passages that the model was shown, by the handles that it cites them by.
        released: the segments that the attempt continues.
        policy: the route's limits.
    """

    def __init__(self, handles: Mapping[str, Passage], released: tuple[CheckedSegment, ...], policy: Policy) -> None:
        self._sources = {handle: Source(passage) for handle, passage in handles.items()}
        self._released = frozenset(sentence for segment in released for sentence in _sentences(segment.delta))
        self._policy = policy

    def check(self, drafted: DraftedSegments, before: str) -> tuple[list[CheckedSegment], Failure | None]:
        """Return the segments that passed, up to the first that did not, and that one's failure.

        Args:
            drafted: what the model completed.
            before: the text that stands before it.
        """
        checked: list[CheckedSegment] = []
        if drafted.segments and drafted.confidence not in (None, *self._policy.allowed_confidence):
            return checked, Failure(Cause.CONFIDENCE_NOT_ALLOWED)
        for segment in drafted.segments:
            fresh = self._beyond_released(segment)
            if fresh is None:
                continue
            try:
                checked.append(check_segment(fresh, before, self._sources, self._policy))
            except Failure as failure:
                return checked, failure
            before += checked[-1].delta
        return checked, None

    def check_length(self, before: str, unfinished: str) -> Failure | None:
        """Return the failure of a segment that is too long already."""
        too_long = len(before) + len(unfinished) > self._policy.display_limit
        return Failure(Cause.OUTPUT_TOO_LONG) if too_long else None

    def _beyond_released(self, segment: Segment) -> Segment | None:
        """Return the segment without the sentences at its beginning that stand already; None when nothing is left."""
        if not self._released:
            return segment
        text = segment.text
        fresh = (start for start, end in sentences(text) if text[start:end].casefold() not in self._released)
        start = next(fresh, None)
        return None if start is None else replace(segment, text=text[start:])


def check_segment(segment: Segment, before: str, sources: Mapping[str, Source], policy: Policy) -> CheckedSegment:
    """Return the segment with its evidence, placed after the text that stands before it.

    Args:
        segment: what a model wrote.
        before: the text so far.
        sources: what it may cite, by handle.
        policy: the route's limits.

    Raises:
        Failure: CITATION_MISSING, CITATION_UNKNOWN, QUOTE_NOT_FOUND, UNSUPPORTED, NOT_VERIFIED or OUTPUT_TOO_LONG.
    """
    if not segment.cites:
        raise Failure(Cause.CITATION_MISSING)
    if not all(handle in sources for handle in segment.cites):
        raise Failure(Cause.CITATION_UNKNOWN)
    cited = [sources[handle] for handle in segment.cites]
    text = f"{before} {segment.text}" if before else segment.text
    if len(text) > policy.display_limit:
        raise Failure(Cause.OUTPUT_TOO_LONG)
    whole = Span.within(text, len(text) - len(segment.text), len(text))
    citations = tuple(Citation(source.passage, source.quote(segment.text), whole) for source in cited)
    if not all(citation.quote for citation in citations):
        raise Failure(Cause.QUOTE_NOT_FOUND)
    offset = whole.start_code_point
    checked = tuple(
        check_sentence(segment.text[start:end], Span.within(text, offset + start, offset + end), cited)
        for start, end in sentences(segment.text)
    )
    if not checked or min(sentence.support for sentence in checked) < policy.min_support:
        raise Failure(Cause.UNSUPPORTED)
    if policy.require_verified and not all(sentence.verdict.verifies for sentence in checked):
        raise Failure(Cause.NOT_VERIFIED)
    return CheckedSegment(text[len(before) :], whole, citations, checked)


def _sentences(text: str) -> list[str]:
    """Return a text's sentences as they are compared."""
    return [text[start:end].casefold() for start, end in sentences(text)]

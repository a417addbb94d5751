"""Checking what a model writes while it is being written: each segment before it may leave."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from groundwire_server.domain.answer import CheckedSegment, CheckedSentence, Citation, Segment, Span
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.vocabulary import Cause, Stage, Verdict
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
        rules: judge sentences.
        question: what is answered.
    """

    def __init__(
        self,
        handles: Mapping[str, Passage],
        released: tuple[CheckedSegment, ...],
        policy: Policy,
        rules: RuleChecker,
        question: str,
    ) -> None:
        self._sources = {handle: Source(passage) for handle, passage in handles.items()}
        self._released = frozenset(sentence for segment in released for sentence in _sentences(segment.delta))
        self._policy = policy
        self._rules = rules
        self._question = question

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
                checked.append(check_segment(fresh, before, self._sources, self._policy, self._rules, self._question))
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


def check_segment(
    segment: Segment, before: str, sources: Mapping[str, Source], policy: Policy, rules: RuleChecker, question: str = ""
) -> CheckedSegment:
    """Return the segment with its evidence, placed after the text that stands before it.

    A citation of a passage that carries nothing of the segment is dropped. A segment that cites nothing gets the
    passage that carries it, where there is just one.

    Args:
        segment: what a model wrote.
        before: the text so far.
        sources: what it may cite, by handle.
        policy: the route's limits.
        rules: judge its sentences.
        question: what is answered.

    Raises:
        Failure: CITATION_MISSING, CITATION_UNKNOWN, QUOTE_NOT_FOUND, UNSUPPORTED, CONTRADICTED, NOT_VERIFIED or
            OUTPUT_TOO_LONG.
    """
    if not all(handle in sources for handle in segment.cites):
        raise Failure(Cause.CITATION_UNKNOWN)
    text = f"{before} {segment.text}" if before else segment.text
    if len(text) > policy.display_limit:
        raise Failure(Cause.OUTPUT_TOO_LONG)
    offset = len(text) - len(segment.text)
    stretches = [(offset + start, segment.text[start:end]) for start, end in sentences(segment.text)]
    cited = [sources[handle] for handle in dict.fromkeys(segment.cites)]
    added = not cited
    if added:
        cited = _carrying(stretches, text, sources, rules, question)
    checked = [check_sentence(sentence, text, start, cited, rules, question) for start, sentence in stretches]
    _demand(checked, policy)
    whole = Span.within(text, offset, len(text))
    citations = tuple(Citation(source.passage, source.quote(segment.text), whole, added) for source in cited)
    carrying = [index for index in range(len(cited)) if any(index in sentence.citations for sentence in checked)]
    claims = any(sentence.verdict is not Verdict.NOT_A_CLAIM for sentence in checked)
    if (claims and not carrying) or not all(citations[index].quote for index in carrying):
        raise Failure(Cause.QUOTE_NOT_FOUND)
    return CheckedSegment(
        delta=text[len(before) :],
        span=whole,
        citations=tuple(citations[index] for index in carrying),
        sentences=tuple(
            replace(sentence, citations=tuple(carrying.index(index) for index in sentence.citations))
            for sentence in checked
        ),
        dropped=tuple(citation for index, citation in enumerate(citations) if index not in carrying),
    )


def _carrying(
    stretches: Sequence[tuple[int, str]], text: str, sources: Mapping[str, Source], rules: RuleChecker, question: str
) -> list[Source]:
    """Return the one passage that carries every sentence of a segment that cites nothing.

    Raises:
        Failure: CITATION_MISSING, when there is none, or more than one.
    """
    found = [
        source
        for source in sources.values()
        if all(
            check_sentence(sentence, text, start, [source], rules, question).verdict in _STANDING
            for start, sentence in stretches
        )
    ]
    if len(found) != 1:
        raise Failure(Cause.CITATION_MISSING)
    return found


def _demand(checked: Sequence[CheckedSentence], policy: Policy) -> None:
    """Refuse a segment of which a sentence is below what the route lets leave."""
    verdicts = {sentence.verdict for sentence in checked}
    if Verdict.CONTRADICTED in verdicts:
        raise Failure(Cause.CONTRADICTED)
    claims = [sentence for sentence in checked if sentence.verdict is not Verdict.NOT_A_CLAIM]
    if (
        not checked
        or Verdict.UNSUPPORTED in verdicts
        or any(sentence.support < policy.min_support for sentence in claims)
    ):
        raise Failure(Cause.UNSUPPORTED)
    if policy.require_verified and not all(verdict.verifies for verdict in verdicts):
        raise Failure(Cause.NOT_VERIFIED)


_STANDING = frozenset({Verdict.VERBATIM, Verdict.ENTAILED, Verdict.CONSISTENT})


def _sentences(text: str) -> list[str]:
    """Return a text's sentences as they are compared."""
    return [text[start:end].casefold() for start, end in sentences(text)]

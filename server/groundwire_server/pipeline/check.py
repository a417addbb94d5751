"""Checking what a model writes while it is being written: each segment before it may leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from groundwire_server.domain.answer import CheckedSegment, Segment
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.vocabulary import Cause, Confidence, Stage
from groundwire_server.pipeline.consult import Consultation
from groundwire_server.pipeline.generate import SegmentQueue
from groundwire_server.pipeline.judge import JudgedSegment, judge_segment
from groundwire_server.pipeline.release import ReleaseGate
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.screening.answer import AnswerScreening
from groundwire_server.pipeline.stage import StageRunner, TimedStage
from groundwire_server.pipeline.standing import Placed, SentencePolicy
from groundwire_server.pipeline.support import CHECKER, Source
from groundwire_server.pipeline.unfinished import UnfinishedSentence
from groundwire_server.telemetry import names


async def check(
    queue: SegmentQueue,
    checker: "SegmentChecker",
    consultation: Consultation,
    screening: AnswerScreening,
    gate: ReleaseGate,
    run: StageRunner,
) -> None:
    """Check segments as they come and let them through the gate, in order; the stage begins with the first.

    First rules judge their sentences, then the route's checker is asked, where there is one, then the route says what
    may leave, and its guards look at that.

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
                judged = checker.judge(drafted.segments, drafted.confidence)
                judged = replace(judged, segments=await consultation.settle_segments(judged.segments, run))
                _record(judged, checker.fingerprints | consultation.fingerprints, run.report, stage)
                placed = checker.place(judged, gate.text)
                segments, forbidden = await screening.segments(placed.segments, gate.text)
                failure = forbidden or placed.failure
                with stage.untimed():
                    if placed.dropped is not None:
                        await gate.withdraw(placed.dropped)
                    gate.left_out += placed.left_out
                    await gate.release(segments, drafted.confidence)
            if failure is None and drafted.unfinished and not checker.continues:
                failure = checker.check_length(gate.text, drafted.unfinished)
                if failure is None:
                    with stage.untimed():
                        await gate.show(await screening.settled(drafted.unfinished, gate.text))
            if failure is not None:
                raise failure
            queue.done()
            drafted = await queue.get()
    gate.left_out += checker.end()


def _record(judged: "Judged", fingerprints: Mapping[str, str], report: ReportBuilder, stage: TimedStage) -> None:
    """Record the verdict on each sentence, in the report and on the stage's span."""
    for segment in judged.segments:
        for sentence in segment.sentences:
            report.judged(sentence)
            stage.event(
                names.GEN_AI_EVALUATION_RESULT,
                {
                    names.GEN_AI_EVALUATION_NAME: "verdict",
                    names.GEN_AI_EVALUATION_SCORE: sentence.support,
                    names.GEN_AI_EVALUATION_LABEL: sentence.verdict.value,
                    names.CHECKER: sentence.checker,
                    names.CHECKER_FINGERPRINT: fingerprints.get(sentence.checker, ""),
                },
            )


@dataclass(frozen=True, slots=True)
class Judged:
    """Segments that came together, with the verdicts on their sentences.

    Attributes:
        segments: up to the first that cannot be judged.
        failure: of that one.
    """

    segments: tuple[JudgedSegment, ...] = ()
    failure: Failure | None = None


class SegmentChecker:
    """The checks of one attempt's segments: first what rules say of each sentence, then what the route makes of that.

    What has been released already is continued: what a segment says again at its beginning is dropped.

    Args:
        handles: the passages that the model was shown, by the handles that it cites them by.
        released: the segments that the attempt continues.
        policy: the route's limits.
        rules: judge sentences.
        question: what is answered.

    Attributes:
        continues: whether text stands before what the attempt writes.
        fingerprints: a hash of each checker that gives verdicts, by its name.
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
        self._released = frozenset(sentence for segment in released for sentence in _sentences(segment.unmasked))
        self._policy = policy
        self._rules = rules
        self._question = question
        sources = tuple(self._sources.values())
        self._sentences = SentencePolicy(policy, sources)
        self._unfinished = UnfinishedSentence(released, sources, rules, question, policy.release)
        self.continues = bool(released)
        self.fingerprints = {CHECKER: rules.fingerprint}

    def judge(self, segments: Sequence[Segment], confidence: Confidence | None) -> Judged:
        """Return the verdicts on what a model completed together.

        Args:
            segments: in order.
            confidence: what the model says of the answer; None when it has not said it yet.
        """
        judged: list[JudgedSegment] = []
        if confidence is not None and not self._policy.may_allow(confidence):
            return Judged(failure=Failure(Cause.CONFIDENCE_NOT_ALLOWED))
        for segment in segments:
            fresh = self._beyond_released(segment)
            if fresh is None:
                continue
            if len(fresh.text) > self._policy.display_limit:
                return Judged(tuple(judged), Failure(Cause.OUTPUT_TOO_LONG))
            try:
                verdicts = judge_segment(fresh, self._sources, self._rules, self._question)
                self._unfinished.go_on(verdicts)
                judged.append(verdicts)
            except Failure as failure:
                return Judged(tuple(judged), failure)
        return Judged(tuple(judged))

    def place(self, judged: Judged, before: str) -> Placed:
        """Return what may leave of judged segments, up to the first that may not, and that one's failure.

        Args:
            judged: in order.
            before: the text that stands before them.
        """
        return self._sentences.place(judged.segments, before).or_failed(judged.failure)

    def end(self) -> tuple[Cause, ...]:
        """Return why each sentence was left out of which that was not known yet, once nothing follows."""
        return self._sentences.end()

    def check_length(self, before: str, unfinished: str) -> Failure | None:
        """Return the failure of a segment that is too long already."""
        too_long = len(before) + len(unfinished) > self._policy.display_limit
        return Failure(Cause.OUTPUT_TOO_LONG) if too_long else None

    def _beyond_released(self, segment: Segment) -> Segment | None:
        """Return the segment without the sentences at its beginning that stand already; None when nothing is left."""
        if not self._released:
            return segment
        text = segment.text
        stretches = sentences(text)
        fresh = (start for start, end in stretches if text[start:end].casefold() not in self._released)
        start = next(fresh, None)
        if start is None:
            return None
        return segment if start == stretches[0][0] else replace(segment, text=text[start:])


def _sentences(text: str) -> list[str]:
    """Return a text's sentences as they are compared."""
    return [text[start:end].casefold() for start, end in sentences(text)]

"""Values that the tests of the path share."""

from collections.abc import Mapping, Sequence

from groundwire_server.domain.answer import CheckedSegment, Segment
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.evidence import Passage, Scores
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Stage
from groundwire_server.pipeline.check import SegmentChecker
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.stage import ComputedStage, StageRunner
from groundwire_server.pipeline.standing import Placed
from groundwire_server.pipeline.support import Source
from tests.doubles.policies import built_in_policy, time_plan
from tests.doubles.spans import Spans
from tests.doubles.time import LoopTime

RULES = RuleChecker.packaged()
ALICE = Caller("acme", "alice", frozenset({"staff"}))


def policy() -> Policy:
    return built_in_policy()


def ask(text: str = "What does a lambda expression yield?", **changes: object) -> Question:
    return Question(route="default", text=text, request_id="request-1", **changes)  # type: ignore[arg-type]


def check_segment(segment: Segment, before: str, sources: Mapping[str, Source], policy: Policy) -> CheckedSegment:
    """A segment as it leaves; raises the failure of one that may not."""
    placed = check_segments([segment], before, sources, policy)
    if placed.failure is not None:
        raise placed.failure
    (checked,) = placed.segments
    return checked


def check_segments(segments: Sequence[Segment], before: str, sources: Mapping[str, Source], policy: Policy) -> Placed:
    """What leaves of segments that one model completed together."""
    handles = {handle: source.passage for handle, source in sources.items()}
    checker = SegmentChecker(handles, (), policy, RULES, "")
    return checker.place(checker.judge(segments, None), before)


def computing() -> ComputedStage:
    """A stage with all the time there is."""
    plan = time_plan(1e9)
    return StageRunner(plan, LoopTime(), Spans().tracer, ReportBuilder("", "", "", 0.0)).compute(Stage.VALIDATE)


def passage(
    chunk_id: str,
    text: str,
    *,
    document_id: str = "",
    revision: int = 1,
    relevance: float | None = 0.9,
    allowed: frozenset[str] = frozenset({"*"}),
) -> Passage:
    return Passage(
        chunk_id=chunk_id,
        text=text,
        document_id=document_id or f"document-of-{chunk_id}",
        revision=revision,
        allowed_principals=allowed,
        scores=Scores(vector_similarity=0.8, relevance=relevance),
    )

"""The pipeline as other packages call it: one question, one search or one check, its time divided, its report begun."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opentelemetry.trace import format_trace_id, get_current_span

from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.fairness.loop_lag import LoopLag
from groundwire_server.domain.fencing.fence import draw_mark
from groundwire_server.domain.grounding import GroundingSummary
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome, Report
from groundwire_server.pipeline.answer import answer
from groundwire_server.pipeline.confidence import rated
from groundwire_server.pipeline.draft_check import checked_segment
from groundwire_server.pipeline.grounding import check_grounding
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.routes import RouteTable
from groundwire_server.pipeline.run_metrics import record_run
from groundwire_server.pipeline.screening.answer import check_mode
from groundwire_server.pipeline.search import search
from groundwire_server.pipeline.shadow import Shadows
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.grounding import SentenceSink
from groundwire_server.ports.recording import Recording
from groundwire_server.ports.sink import Sink
from groundwire_server.ports.threads import Threads
from groundwire_server.telemetry.trail import current_trail


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search alone found."""

    evidence: Evidence
    report: Report


class PipelineAnswerer:
    """The Answerer, GroundingChecker and DraftChecker that does the work itself.

    Args:
        routes: what inquiries work with.
        clock: the event loop's.
        recording: records stages and runs.
        threads: check sentences of callers' own texts.
        lag: how late the event loop is; None where that is not known.
        shadows: the comparisons in flight.
        draw_mark: returns the mark of the fences in a call's prompts.
    """

    def __init__(
        self,
        routes: RouteTable,
        clock: Clock,
        recording: Recording,
        threads: Threads,
        lag: LoopLag | None = None,
        shadows: Shadows | None = None,
        draw_mark: Callable[[], str] = draw_mark,
    ) -> None:
        self._routes = routes
        self._clock = clock
        self._recording = recording
        self._threads = threads
        self._lag = lag
        self._shadows = shadows or Shadows()
        self._draw_mark = draw_mark

    async def answer(self, inquiry: Inquiry, sink: Sink | None) -> Outcome:
        """Answer a question.

        Raises:
            Rejection: INVALID_REQUEST when the question itself is invalid.
        """
        run = self._runner(inquiry)
        trail = current_trail()
        outcome: Outcome | None = None
        try:
            ports = self._routes.ports(inquiry)
            check_mode(inquiry, ports)
            outcome = await answer(inquiry, ports, run, sink)
            self._shadows.follow(inquiry, ports, run.report, outcome, self._clock, self._recording)
            return outcome
        finally:
            report = run.report.build(self._clock.now()) if outcome is None else outcome.report
            self._record(inquiry, report, outcome)
            if trail is not None and trail.abandoned is not None:
                trail.abandoned(report, outcome)

    async def search(self, inquiry: Inquiry) -> SearchResult:
        """Find the passages that an answer to the same question would consider.

        Raises:
            Rejection: INVALID_REQUEST when the question itself is invalid.
            Failure: of the store or the embedder.
        """
        run = self._runner(inquiry, search_alone=True)
        try:
            evidence = await search(inquiry, self._routes.ports(inquiry), run)
            return SearchResult(evidence, run.report.build(self._clock.now()))
        finally:
            self._record(inquiry, run.report.build(self._clock.now()), None)

    async def check(self, text: str, inquiry: Inquiry, sink: SentenceSink) -> GroundingSummary:
        """Give every sentence of a text its verdict.

        Raises:
            Rejection: INVALID_REQUEST when the question is invalid.
            Failure: of the store or the embedder, or TIME_EXHAUSTED.
        """
        run = self._runner(inquiry)
        try:
            return await check_grounding(text, inquiry, self._routes.ports(inquiry), run, self._threads, sink)
        finally:
            self._record(inquiry, run.report.build(self._clock.now()), None)

    async def check_draft(self, text: str, inquiry: Inquiry, evidence: Sequence[Passage]) -> GroundedText:
        """Give every sentence of a text its verdict by passages that are known; see `DraftChecker`.

        Raises:
            Failure: TIME_EXHAUSTED, CAPACITY_EXHAUSTED.
        """
        run = self._runner(inquiry)
        try:
            ports = self._routes.ports(inquiry)
            segment = await checked_segment(text, inquiry, evidence, ports, run, self._threads)
            return rated(inquiry.question.searched, GroundedText.of((segment,), None))
        finally:
            self._record(inquiry, run.report.build(self._clock.now()), None)

    def _runner(self, inquiry: Inquiry, *, search_alone: bool = False) -> StageRunner:
        """Begin a run, whose end `_record` records."""
        trace_id = format_trace_id(get_current_span().get_span_context().trace_id)
        report = ReportBuilder.begin(inquiry, trace_id)
        if (trail := current_trail()) is not None:
            trail.report = report.build
        policy = inquiry.policy
        allowance = Allowance(policy.tokens_per_call, policy.cost_per_call)
        plan = inquiry.time_plan(search_alone=search_alone)
        mark = self._draw_mark()
        runner = StageRunner(plan, self._clock, self._recording.tracer, report, self._lag, allowance, mark)
        self._recording.usage.begin(inquiry.caller.tenant)
        return runner

    def _record(self, inquiry: Inquiry, report: Report, outcome: Outcome | None) -> None:
        record_run(self._recording, inquiry, report, outcome)
        self._recording.usage.end(inquiry.caller.tenant)

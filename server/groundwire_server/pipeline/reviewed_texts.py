"""What leaves after a review: a reviewer's text with its verdicts, and passages, screened as everything that leaves."""

from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.trace import format_trace_id, get_current_span

from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.answer import CheckedSegment, GroundedText, Span
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.pipeline.normalize import fold_lines
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.routes import RouteTable
from groundwire_server.pipeline.run_metrics import record_run
from groundwire_server.pipeline.screening.answer import AnswerScreening
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.recording import Recording
from groundwire_server.ports.reviews import DraftChecker


@dataclass(frozen=True, slots=True)
class ScreenedTexts:
    """The ReviewedTexts that works with the routes' own checkers and guards.

    Attributes:
        routes: what inquiries work with.
        drafts: gives sentences their verdicts.
        clock: the event loop's.
        recording: records stages and runs.
    """

    routes: RouteTable
    drafts: DraftChecker
    clock: Clock
    recording: Recording

    def normalized(self, text: str) -> str:
        """Return a reviewer's text in the form that a model's has; see `ReviewedTexts`."""
        return fold_lines(text).strip()

    async def check(self, text: str, inquiry: Inquiry, evidence: Sequence[Passage]) -> GroundedText:
        """Return a reviewer's text as it would leave; see `ReviewedTexts`."""
        checked = await self.drafts.check_draft(text, inquiry, evidence)
        whole = Span.within(checked.text, 0, len(checked.text))
        segment = CheckedSegment(
            checked.text, whole, checked.citations, checked.sentences, checked.dropped_citations, checked.masks
        )
        run = self._runner(inquiry)
        try:
            screening = AnswerScreening(inquiry, self.routes.ports(inquiry), evidence, run)
            leaving, failure = await screening.segments((segment,), "")
        finally:
            self._record(inquiry, run)
        if failure is not None:
            raise failure
        return checked if leaving == (segment,) else GroundedText.of(leaving, checked.model_confidence)

    async def presentable(self, inquiry: Inquiry, evidence: Sequence[Passage]) -> Sequence[Passage]:
        """Return those of some passages that may stand in the place of an answer; see `ReviewedTexts`."""
        if not evidence:
            return ()
        run = self._runner(inquiry)
        try:
            return await AnswerScreening(inquiry, self.routes.ports(inquiry), evidence, run).passages(evidence)
        finally:
            self._record(inquiry, run)

    def _runner(self, inquiry: Inquiry) -> StageRunner:
        trace_id = format_trace_id(get_current_span().get_span_context().trace_id)
        report = ReportBuilder.begin(inquiry, trace_id)
        allowance = Allowance(inquiry.policy.tokens_per_call, inquiry.policy.cost_per_call)
        runner = StageRunner(inquiry.time_plan(), self.clock, self.recording.tracer, report, allowance=allowance)
        self.recording.usage.begin(inquiry.caller.tenant)
        return runner

    def _record(self, inquiry: Inquiry, run: StageRunner) -> None:
        record_run(self.recording, inquiry, run.report.build(self.clock.now()), None)
        self.recording.usage.end(inquiry.caller.tenant)

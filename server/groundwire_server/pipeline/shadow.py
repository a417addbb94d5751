"""Comparing a model with those that answer: it is asked the same in the shadow, and nobody sees what it writes."""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanContext, Tracer, format_trace_id, get_current_span, use_span

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.share import place_in_share
from groundwire_server.domain.step import Accept, Attempt, Conclude
from groundwire_server.domain.vocabulary import Action, Cause, Priority, Purpose
from groundwire_server.pipeline import decide
from groundwire_server.pipeline.attempt import attempt
from groundwire_server.pipeline.decide import PartialResults
from groundwire_server.pipeline.generate import draft_reader
from groundwire_server.pipeline.release import UnaryGate
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.routes import Ports, ShadowModel
from groundwire_server.pipeline.run_metrics import record_usage
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.recording import Recording
from groundwire_server.telemetry import metrics, names
from groundwire_server.telemetry.trail import Trail, current_trail

_LOG: Final = logging.getLogger(__name__)

_AFTER: Final = 0.05
"""Seconds after an answer before its comparison begins: the answer leaves first."""

_LOOK: Final = 0.05
"""Seconds between two looks whether somebody else waits for a slot that a comparison holds."""

_SPAN: Final = "groundwire.shadow"
_MICROS: Final = 1_000_000

_NOT_ASKED: Final = frozenset(
    {Cause.CAPACITY_EXHAUSTED, Cause.BUDGET_EXHAUSTED, Cause.MODEL_NOT_READY, Cause.MODEL_RATE_LIMITED}
)
"""Causes that say nothing about a model's answers: it gave way, or had no money, or was not there."""


@dataclass(frozen=True, slots=True)
class ShadowWork:
    """An answer that has left, and what its comparison is made of.

    Attributes:
        inquiry: that was answered.
        ports: of its route.
        shadow: the model that is asked in the shadow.
        report: of the answer; its passages are those of the comparison.
        outcome: that left.
        span: of the call, which the comparison's is linked to.
        trail: of the call; None where there is none.
    """

    inquiry: Inquiry
    ports: Ports
    shadow: ShadowModel
    report: ReportBuilder
    outcome: Outcome
    span: SpanContext
    trail: Trail | None


class Shadows:
    """The comparisons in flight. They give way to everything else, and end when the server drains."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = False

    def __repr__(self) -> str:
        """Return how many there are."""
        return f"Shadows(running={len(self._tasks)})"

    def end(self) -> None:
        """End them all, and begin no more."""
        self._ended = True
        for task in self._tasks:
            task.cancel()

    def follow(
        self,
        inquiry: Inquiry,
        ports: Ports,
        report: ReportBuilder,
        outcome: Outcome,
        clock: Clock,
        recording: Recording,
    ) -> None:
        """Begin the comparison of an answer that has left, where one is due and there is room for it; never wait."""
        shadow, route = ports.shadow, inquiry.policy.route
        if shadow is None or self._ended or not report.attempts or not _chosen(inquiry, shadow.policy.share):
            return
        if report.model == shadow.policy.model:
            # It has answered, as the fallback of another or the only one that the caller's questions may reach.
            return
        if self._running[route] >= shadow.policy.max_concurrent or not shadow.contention.idle():
            recording.metrics.add(metrics.SHADOW_SKIPPED, 1, route, shadow.policy.model, Cause.CAPACITY_EXHAUSTED)
            return
        span = get_current_span().get_span_context()
        work = ShadowWork(inquiry, ports, shadow, report, outcome, span, current_trail())
        self._begin(route, _compare(work, clock, recording))

    def _begin(self, route: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="shadow")
        self._tasks.add(task)
        self._running[route] += 1

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._running[route] -= 1
            error = None if task.cancelled() else task.exception()
            if error is not None:
                _LOG.error("a comparison has failed", extra={"error": type(error).__qualname__})

        task.add_done_callback(ended)


async def _compare(work: ShadowWork, clock: Clock, recording: Recording) -> None:
    await asyncio.sleep(_AFTER)
    span = _begin_span(recording.tracer, work)
    with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        inquiry = _in_the_shadow(work, clock.now())
        trace_id = format_trace_id(span.get_span_context().trace_id)
        built = ReportBuilder.begin(inquiry, trace_id)
        built.corpus_version = work.report.corpus_version
        built.found, built.chosen = work.report.found, work.report.chosen
        # The same prompt, to the letter.
        mark = None if work.report.prompt is None else work.report.prompt.mark
        run = StageRunner(inquiry.time_plan(), clock, recording.tracer, built, mark=mark)
        recording.usage.begin(inquiry.caller.tenant)
        try:
            outcome = await _outcome(work, inquiry, run)
        finally:
            # Also of one that is cancelled when the server drains: what it has consumed is paid.
            report = built.build(clock.now())
            record_usage(recording, inquiry.caller, report)
            recording.usage.end(inquiry.caller.tenant)
        outcome = replace(outcome, report=report)
        span.set_attribute(names.CAUSE, outcome.cause.value)
    _record(recording.metrics, work, outcome)
    if outcome.cause not in _NOT_ASKED and work.trail is not None and work.trail.compared is not None:
        work.trail.compared(outcome, work.outcome)


def _in_the_shadow(work: ShadowWork, now: float) -> Inquiry:
    """Return the inquiry with a time of its own, and a priority below everything else."""
    searched = work.report.searched_question
    question = replace(work.inquiry.question, priority=Priority.EVALUATION, standalone=searched)
    until = Deadline(now + work.shadow.policy.max_seconds)
    return replace(work.inquiry, question=question, arrived=now, deadline=until)


def _begin_span(tracer: Tracer, work: ShadowWork) -> Span:
    """Begin a trace of its own: the call's is complete once its answer has left."""
    attributes = {
        names.ROUTE: work.inquiry.policy.route,
        names.MODEL: work.shadow.policy.model,
        names.REQUEST_ID: work.inquiry.question.request_id,
    }
    links = [Link(work.span)] if work.span.is_valid else []
    return tracer.start_span(_SPAN, context=Context(), attributes=attributes, links=links)


async def _outcome(work: ShadowWork, inquiry: Inquiry, run: StageRunner) -> Outcome:
    """Have the model write one answer, and return what would have become of it without another to ask."""
    step = Attempt(work.shadow.policy.model)
    try:
        text = await _unless_needed(work.shadow, _attempt(step, work, inquiry, run))
    except Failure as failure:
        if run.report.attempts:
            run.report.attempt_failed(failure.cause)
        action = Action.ABSTAIN if failure.cause is Cause.MODEL_ABSTAINED else Action.FAIL_SAFE
        return decide.outcome(Conclude(action, failure.cause), PartialResults(), inquiry.policy)
    return decide.outcome(Accept(step, text), PartialResults(), inquiry.policy)


async def _attempt(step: Attempt, work: ShadowWork, inquiry: Inquiry, run: StageRunner) -> GroundedText:
    shadow, gate = work.shadow, UnaryGate()
    ports = replace(
        work.ports,
        generators={step.model: shadow.generator},
        budget=shadow.budget,
        checker=work.ports.checker if shadow.policy.checker else None,
    )
    draft = draft_reader(inquiry.policy.display_limit, gate)
    return await attempt(step, inquiry, work.report.chosen, ports, run, gate, draft, NEVER, Purpose.SHADOW)


async def _unless_needed(shadow: ShadowModel, work: Coroutine[Any, Any, GroundedText]) -> GroundedText:
    """Await the work, and end it as soon as somebody waits for a slot that it holds.

    Raises:
        Failure: CAPACITY_EXHAUSTED, or what the work raises.
    """
    task = asyncio.create_task(work)
    try:
        while True:
            done, _ = await asyncio.wait([task], timeout=_LOOK)
            if done:
                return task.result()
            if shadow.contention.contended():
                raise Failure(Cause.CAPACITY_EXHAUSTED)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _chosen(inquiry: Inquiry, share: float) -> bool:
    """Return whether a request is among the share: the same one always is, or never."""
    name = f"{inquiry.caller.tenant}\0{inquiry.question.request_id}"
    return place_in_share(name) < share


def _record(recorder: Metrics, work: ShadowWork, outcome: Outcome) -> None:
    report, shadow = outcome.report, work.shadow.policy.model
    if outcome.cause in _NOT_ASKED:
        recorder.add(metrics.SHADOW_SKIPPED, 1, report.route, shadow, outcome.cause)
        return
    for role, model, each in (
        ("answer", work.outcome.report.model, work.outcome),
        ("shadow", shadow, outcome),
    ):
        labels = (report.route, model, role)
        recorder.add(metrics.SHADOW_ANSWERS, 1, *labels, type(each.result).__name__, each.cause)
        for verdict, count in each.report.judged.items():
            recorder.add(metrics.SHADOW_SENTENCES, count, *labels, verdict)
        recorder.record(metrics.SHADOW_DURATION, each.report.writing_seconds, *labels)
        usage = each.report.writing_usage
        if usage.cost_micros:
            recorder.add(metrics.SHADOW_COST, usage.cost_micros / _MICROS, *labels, usage.currency)

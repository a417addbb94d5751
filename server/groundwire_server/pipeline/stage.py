"""Running a stage: the only place that opens a stage span, enforces a stage's time and records what it took."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Token
from dataclasses import replace
from types import TracebackType
from typing import Final, Self, TypeAlias

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, StatusCode, Tracer, set_span_in_context

from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.deadline import NEVER, Deadline, TimePlan
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.fairness.loop_lag import LoopLag
from groundwire_server.domain.fencing.fence import draw_mark
from groundwire_server.domain.outcome import StageTiming
from groundwire_server.domain.vocabulary import Cause, Stage
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.ports.clock import Clock
from groundwire_server.telemetry import names

Attributes: TypeAlias = Mapping[str, str | bool | int | float]


_NOTICEABLE: Final = 0.01
"""Seconds of lag that every reserve has room for."""


LOOK_UP_LEAST: Final = 0.02
"""Seconds that looking for an earlier answer has, however late it is; every reserve has room for them."""


class StageRunner:
    """Runs the stages of one call.

    Args:
        plan: how the call's time is divided.
        clock: the event loop's.
        tracer: makes the spans.
        report: what is recorded of the call.
        lag: how late the event loop is; None where that is not known.
        allowance: what all models together may consume for the call.
        mark: of the fences in all its prompts; None draws one.

    Attributes:
        deadline: when the caller stops listening.
        report: what is recorded of the call.
        allowance: what all models together may consume for the call.
        mark: of the fences in all its prompts.
    """

    def __init__(
        self,
        plan: TimePlan,
        clock: Clock,
        tracer: Tracer,
        report: ReportBuilder,
        lag: LoopLag | None = None,
        allowance: Allowance | None = None,
        mark: str | None = None,
    ) -> None:
        self._plan = self._late_plan = plan
        self._lag = lag
        self.deadline = plan.deadline
        self.report = report
        self.allowance = allowance or Allowance()
        self.mark = draw_mark() if mark is None else mark
        self.clock = clock
        self.tracer = tracer

    @property
    def plan(self) -> TimePlan:
        """How the call's time is divided: more of it is kept for the outcome while the event loop is late."""
        lag = 0.0 if self._lag is None else self._lag.worst(self.clock.now())
        if lag <= _NOTICEABLE:
            return self._plan
        if lag != self._late_plan.lag:
            self._late_plan = replace(self._plan, lag=lag)
        return self._late_plan

    def stage(self, stage: Stage) -> "TimedStage":
        """Return a stage that waits, to be entered with `async with`; it is cancelled when its time ends.

        Raises (on entering or leaving):
            Failure: TIME_EXHAUSTED when no time is left to begin it; the stage's `timeout_cause` when its time ends.
        """
        return TimedStage(self, stage, self._deadline(stage))

    def compute(self, stage: Stage) -> "ComputedStage":
        """Return a stage that only computes, to be entered with `with`.

        Raises (on entering):
            Failure: TIME_EXHAUSTED when no time is left to begin it.
        """
        return ComputedStage(self, stage, self._deadline(stage))

    def now(self) -> float:
        """Return the time on the event loop's clock, in seconds."""
        return self.clock.now()

    def remaining(self) -> float:
        """Return the seconds until the outcome must be decided."""
        return self.plan.answer_by.remaining(self.clock.now())

    def _deadline(self, stage: Stage) -> Deadline:
        match stage:
            case Stage.RETRIEVE:
                return self.plan.retrieve_by(self.clock.now())
            case Stage.GENERATE:
                return self.plan.generate_by
            case Stage.NORMALIZE | Stage.DECIDE:
                # However late it is, an invalid question gets its status and any other an outcome.
                return NEVER
            case Stage.CACHE:
                # An earlier answer stands in where time has run out, too: within what is kept for the outcome.
                return max(self.plan.answer_by, Deadline(self.clock.now() + LOOK_UP_LEAST))
            case _:
                return self.plan.answer_by


class _MeasuredStage:
    """One run of a stage: its span, current while it runs, and its timing.

    Attributes:
        deadline: when it must have finished.
    """

    __slots__ = ("_attempt", "_began", "_budget", "_runner", "_span", "_stage", "_token", "deadline")

    def __init__(self, runner: StageRunner, stage: Stage, deadline: Deadline) -> None:
        self.deadline = deadline
        self._runner = runner
        self._stage = stage
        self._attempt = 0
        self._began = 0.0
        self._budget = 0.0
        self._span: Span | None = None
        self._token: Token[Context] | None = None

    def note(self, attributes: Attributes) -> None:
        """Add attributes to the stage's span; never a text."""
        if self._span is not None:
            self._span.set_attributes(attributes)

    def event(self, name: str, attributes: Attributes) -> None:
        """Add an event to the stage's span; never a text."""
        if self._span is not None:
            self._span.add_event(name, attributes)

    def _begin(self) -> None:
        runner = self._runner
        self._began = runner.clock.now()
        self._budget = max(0.0, min(self.deadline.at, runner.deadline.at) - self._began)
        self._attempt = len(runner.report.attempts)
        attributes: dict[str, float] = {names.STAGE_BUDGET: self._budget}
        if self._attempt:
            attributes[names.ATTEMPT] = self._attempt
        self._span = runner.tracer.start_span(_SPAN_NAMES[self._stage], attributes=attributes)
        if self.deadline.at <= self._began:
            failure = Failure(Cause.TIME_EXHAUSTED)
            self._end(failure)
            raise failure
        self._token = attach(set_span_in_context(self._span))

    def _end(self, raised: BaseException | None) -> None:
        if self._token is not None:
            detach(self._token)
            self._token = None
        cause: Cause | None = None
        if self._span is not None:
            if isinstance(raised, Failure):
                cause = raised.cause
                self._span.set_attributes({names.CAUSE: cause.value, names.ERROR_TYPE: raised.error_type})
                self._span.set_status(StatusCode.ERROR)
            elif isinstance(raised, asyncio.CancelledError):
                self._span.set_attribute(names.CANCELLED, True)
            self._span.end()
        report = self._runner.report
        duration = self._runner.clock.now() - self._began
        start = self._began - report.arrived
        report.stages.append(StageTiming(self._stage, start, duration, self._budget, cause, self._attempt))


class ComputedStage(_MeasuredStage):
    """A stage that only computes."""

    __slots__ = ()

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: object) -> None:
        self._end(raised)


class TimedStage(_MeasuredStage):
    """A stage that waits.

    Attributes:
        timeout_cause: what is to blame when its time ends; the stage's work may change it as it goes.
    """

    __slots__ = ("_guard", "timeout_cause")

    def __init__(self, runner: StageRunner, stage: Stage, deadline: Deadline) -> None:
        super().__init__(runner, stage, deadline)
        self.timeout_cause = _TIMEOUT_CAUSES.get(stage, Cause.TIME_EXHAUSTED)
        self._guard = asyncio.timeout_at(deadline.at)

    @contextmanager
    def untimed(self) -> Iterator[None]:
        """Stop the stage's clock during a wait for somebody else, such as a slow reader of a stream.

        Raises:
            Failure: TIME_EXHAUSTED when the stage's time has ended meanwhile. The wait itself is not cut off: half an
                event would be no event.
        """
        self._guard.reschedule(None)
        try:
            yield
        finally:
            self._guard.reschedule(self.deadline.at)
        if not self.deadline.remaining(self._runner.clock.now()):
            raise Failure(Cause.TIME_EXHAUSTED)

    async def __aenter__(self) -> Self:
        self._begin()
        await self._guard.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._guard.__aexit__(kind, raised, trace)
        except TimeoutError:
            failure = Failure(self.timeout_cause)
            self._end(failure)
            raise failure from None
        self._end(raised)


_SPAN_NAMES = {stage: f"groundwire.{stage.value.lower()}" for stage in Stage}
_TIMEOUT_CAUSES = {Stage.RETRIEVE: Cause.STORE_TIMEOUT, Stage.GENERATE: Cause.MODEL_TIMEOUT}

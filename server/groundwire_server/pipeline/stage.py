"""Running a stage: the only place that opens a stage span, enforces a stage's time and records what it took."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Token
from dataclasses import replace
from typing import TypeAlias, TypeVar

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, Tracer, set_span_in_context

from groundwire_server.domain.deadline import NEVER, Deadline, TimePlan
from groundwire_server.domain.event import Event
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.outcome import Report, StageTiming
from groundwire_server.domain.vocabulary import Cause, Stage
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.sink import Sink
from groundwire_server.telemetry import names

T = TypeVar("T")
Attributes: TypeAlias = Mapping[str, str | bool | int | float]


class Run:
    """One call on its way down the path.

    Attributes:
        plan: how its time is cut.
        begun: the report as far as it was known when the call came in.
        attempts: how many times a model has been asked.
    """

    def __init__(self, plan: TimePlan, clock: Clock, tracer: Tracer, report: Report) -> None:
        self.plan = plan
        self.begun = report
        self.attempts = 0
        self._clock = clock
        self._tracer = tracer
        self._timings: list[StageTiming] = []
        self._learned: dict[str, object] = {}
        self._usage = Usage()
        self._late = Cause.TIME_EXHAUSTED
        self._guard: asyncio.Timeout | None = None

    async def stage(
        self,
        stage: Stage,
        work: Callable[[Deadline], Awaitable[T]],
        note: Callable[[T], Attributes] | None = None,
    ) -> T:
        """Run a stage that waits: it is given its deadline and is cancelled when that ends.

        Args:
            stage: which.
            work: is called with the instant by which it must have finished.
            note: what its result says to the trace; never a text.

        Raises:
            Failure: what the work raised, or the stage's own cause when its time ran out.
        """
        by = self._budget(stage)
        with self._measured(stage, by) as span:
            self._late = _late(stage)
            self._guard = guard = asyncio.timeout_at(by.at)
            try:
                async with guard:
                    result = await work(by)
            except TimeoutError:
                if guard.expired():
                    raise Failure(self._late) from None
                raise
            finally:
                self._guard = None
            if note is not None:
                span.set_attributes(note(result))
            return result

    def compute(self, stage: Stage, work: Callable[[], T], note: Callable[[T], Attributes] | None = None) -> T:
        """Run a stage that only computes.

        Raises:
            Failure: what the work raised, or TIME_EXHAUSTED when no time was left to begin it.
        """
        with self._measured(stage, self._budget(stage)) as span:
            result = work()
            if note is not None:
                span.set_attributes(note(result))
            return result

    def waits(self, cause: Cause) -> None:
        """What is to blame when the time of the stage that runs ends from here on."""
        self._late = cause

    def aside(self, sink: Sink) -> Sink:
        """The sink, so that its reader does not use up the time of the stage that writes: it has a bound of its own."""
        return _Aside(sink, self._clock, lambda: self._guard)

    def learned(self, **changes: object) -> None:
        """Take into the report what a stage has brought to light; the names are the report's."""
        self._learned.update(changes)

    def attempt(self, model: str) -> None:
        """A model is about to be asked."""
        self.attempts += 1
        self.learned(model=model)

    def used(self, usage: Usage) -> None:
        """A model has consumed this."""
        self._usage += usage

    def first_output(self) -> None:
        """A model has begun to write; only the first time counts."""
        self._learned.setdefault("time_to_first_token", self._elapsed())

    def begin_by(self) -> Deadline:
        """When a model that is asked now must have begun, where another could be asked after it."""
        return self.plan.begin_by(self._clock.now())

    def remaining(self) -> float:
        """Seconds until the outcome must be decided."""
        return self.plan.answer_by.remaining(self._clock.now())

    def final_report(self) -> Report:
        """The report, closed."""
        changes = {**self._learned, "attempts": self.attempts, "usage": self._usage}
        return replace(self.begun, **changes, stages=tuple(self._timings), total=self._elapsed())  # type: ignore[arg-type]

    def _elapsed(self) -> float:
        return self._clock.now() - self.plan.arrived

    def _budget(self, stage: Stage) -> Deadline:
        match stage:
            case Stage.RETRIEVE:
                return self.plan.retrieve_by(self._clock.now())
            case Stage.GENERATE:
                return self.plan.generate_by
            case Stage.NORMALIZE | Stage.DECIDE:
                # However late it is, an invalid question gets its status and any other an outcome.
                return NEVER
            case _:
                return self.plan.answer_by

    def _measured(self, stage: Stage, by: Deadline) -> "_Measured":
        began = self._clock.now()
        budget = min(by, self.plan.deadline).remaining(began)
        attributes: dict[str, float] = {names.STAGE_BUDGET: budget}
        if self.attempts:
            attributes[names.ATTEMPT] = self.attempts
        span = self._tracer.start_span(_SPAN_NAMES[stage], attributes=attributes)

        def ended(cause: Cause | None) -> None:
            duration = self._clock.now() - began
            self._timings.append(StageTiming(stage, began - self.plan.arrived, duration, budget, cause, self.attempts))

        return _Measured(span, ended, in_time=by.remaining(began) > 0.0)


class _Aside:
    """Stops a stage's guard while an event is written: a slow reader is no slow model, and half an event no event."""

    def __init__(self, sink: Sink, clock: Clock, guard: Callable[[], asyncio.Timeout | None]) -> None:
        self._sink = sink
        self._clock = clock
        self._guard = guard

    async def emit(self, event: Event) -> None:
        guard = self._guard()
        if guard is None:
            await self._sink.emit(event)
            return
        ends = guard.when()
        guard.reschedule(None)
        try:
            await self._sink.emit(event)
        finally:
            guard.reschedule(ends)
        if ends is not None and self._clock.now() >= ends:
            raise Failure(Cause.TIME_EXHAUSTED)


class _Measured:
    """One run of a stage: its span, current while it runs, and its timing. Not a generator, which would cost more."""

    __slots__ = ("_ended", "_in_time", "_span", "_token")

    def __init__(self, span: Span, ended: Callable[[Cause | None], None], *, in_time: bool) -> None:
        self._span = span
        self._ended = ended
        self._in_time = in_time
        self._token: Token[Context] | None = None

    def __enter__(self) -> Span:
        if not self._in_time:
            failure = Failure(Cause.TIME_EXHAUSTED)
            self._end(failure)
            raise failure
        self._token = attach(set_span_in_context(self._span))
        return self._span

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: object) -> None:
        if self._token is not None:
            detach(self._token)
        self._end(raised)

    def _end(self, raised: BaseException | None) -> None:
        cause: Cause | None = None
        if isinstance(raised, Failure):
            cause = raised.cause
            self._span.set_attribute(names.CAUSE, cause.value)
        elif isinstance(raised, asyncio.CancelledError):
            self._span.set_attribute(names.CANCELLED, True)
        self._span.end()
        self._ended(cause)


_SPAN_NAMES = {stage: f"groundwire.{stage.value.lower()}" for stage in Stage}


def _late(stage: Stage) -> Cause:
    match stage:
        case Stage.RETRIEVE:
            return Cause.STORE_TIMEOUT
        case Stage.GENERATE:
            return Cause.MODEL_TIMEOUT
        case _:
            return Cause.TIME_EXHAUSTED

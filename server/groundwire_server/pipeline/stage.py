"""Running a stage: the only place that opens a stage span, enforces a stage's time and records what it took."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeAlias, TypeVar

from opentelemetry.trace import Span, Tracer

from groundwire_server.domain.deadline import NEVER, Deadline, TimePlan
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.outcome import Report, StageTiming
from groundwire_server.domain.vocabulary import Cause, Stage
from groundwire_server.ports.clock import Clock
from groundwire_server.telemetry import names

T = TypeVar("T")
Attributes: TypeAlias = Mapping[str, str | bool | int | float]


class Run:
    """One call on its way down the path.

    Attributes:
        plan: how its time is cut.
        report: what is known so far of how the outcome comes about.
    """

    def __init__(self, plan: TimePlan, clock: Clock, tracer: Tracer, report: Report) -> None:
        self.plan = plan
        self.report = report
        self._clock = clock
        self._tracer = tracer
        self._timings: list[StageTiming] = []

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
            guard = asyncio.timeout_at(by.at)
            try:
                async with guard:
                    result = await work(by)
            except TimeoutError:
                if guard.expired():
                    raise Failure(_late(stage)) from None
                raise
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

    def learned(self, **changes: object) -> None:
        """Take into the report what a stage has brought to light."""
        self.report = replace(self.report, **changes)  # type: ignore[arg-type]  # dataclasses.replace checks the names

    def first_output(self) -> None:
        """A model has begun to write; only the first time counts."""
        if self.report.time_to_first_token is None:
            self.learned(time_to_first_token=self._elapsed())

    def remaining(self) -> float:
        """Seconds until the outcome must be decided."""
        return self.plan.answer_by.remaining(self._clock.now())

    def final_report(self) -> Report:
        """The report, closed."""
        return replace(self.report, stages=tuple(self._timings), total=self._elapsed())

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

    @contextmanager
    def _measured(self, stage: Stage, by: Deadline) -> Iterator[Span]:
        began = self._clock.now()
        budget = min(by, self.plan.deadline).remaining(began)
        cause: Cause | None = None
        attributes: dict[str, str | float] = {names.STAGE: stage.value, names.STAGE_BUDGET: budget}
        if self.report.attempts:
            attributes[names.ATTEMPT] = self.report.attempts
        with self._tracer.start_as_current_span(
            f"groundwire.{stage.value.lower()}",
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                if by.remaining(began) <= 0.0:
                    raise Failure(Cause.TIME_EXHAUSTED)
                yield span
            except Failure as failure:
                cause = failure.cause
                span.set_attribute(names.CAUSE, cause.value)
                raise
            except asyncio.CancelledError:
                span.set_attribute(names.CANCELLED, True)
                raise
            finally:
                self._timings.append(
                    StageTiming(
                        stage,
                        start=began - self.plan.arrived,
                        duration=self._clock.now() - began,
                        budget=budget,
                        cause=cause,
                        attempt=self.report.attempts,
                    )
                )


def _late(stage: Stage) -> Cause:
    match stage:
        case Stage.RETRIEVE:
            return Cause.STORE_TIMEOUT
        case Stage.GENERATE:
            return Cause.MODEL_TIMEOUT
        case _:
            return Cause.TIME_EXHAUSTED

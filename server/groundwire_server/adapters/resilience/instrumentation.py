"""What is recorded of a dependency's calls: one span around all attempts of a call, its duration, and its failure."""

import asyncio
import logging
from collections.abc import Mapping
from contextvars import Token
from dataclasses import dataclass
from time import monotonic
from typing import Final, TypeAlias

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.recording import Recording
from groundwire_server.telemetry import metrics, names
from groundwire_server.telemetry.metrics import Histogram

Attributes: TypeAlias = Mapping[str, str | bool | int | float | tuple[str, ...]]

_LOG = logging.getLogger(__name__)

_SLACK: Final = 0.05
"""Seconds by which a cancellation may come before a deadline and still be its doing: callers' clocks differ."""


@dataclass(frozen=True, slots=True)
class CallMetrics:
    """What is measured of one dependency's calls.

    Attributes:
        recorder: takes the metrics.
        dependency: its name in metrics and in the log.
        duration: of its calls.
        labels: the values of the duration's labels, but for the error.
    """

    recorder: Metrics
    dependency: str
    duration: Histogram
    labels: tuple[str, ...]

    def ended(self, seconds: float, error: str) -> None:
        """Record a call that has ended; the error is empty for one that succeeded or was left by its caller."""
        self.recorder.record(self.duration, seconds, *self.labels, error)
        if error:
            self.recorder.add(metrics.DEPENDENCY_FAILURES, 1, self.dependency, error)


class Instrumentation:
    """Records the calls of one dependency.

    Args:
        recording: takes spans and metrics.
        name: of every span, and of the dependency in metrics and in the log.
        attributes: of every span.
        duration: the metric of its calls' duration; the values of its labels are among the attributes.
        late: the error of a call that was cut off at its deadline.
        kind: CLIENT, or INTERNAL for what runs in this process.
    """

    def __init__(
        self,
        recording: Recording,
        name: str,
        attributes: Attributes,
        duration: Histogram = metrics.MODEL_DURATION,
        late: Cause = Cause.MODEL_TIMEOUT,
        kind: SpanKind = SpanKind.CLIENT,
    ) -> None:
        labels = tuple(str(attributes.get(label, "")) for label in duration.labels if label != names.ERROR_TYPE)
        self._metrics = CallMetrics(recording.metrics, name, duration, labels)
        self._tracer = recording.tracer
        self._name = name
        self._attributes = attributes
        self._late = late
        self._kind = kind

    def span(self, attributes: Attributes, deadline: Deadline) -> "CallSpan":
        """Begin a call."""
        merged = {**self._attributes, **attributes}
        span = self._tracer.start_span(self._name, kind=self._kind, attributes=merged)
        return CallSpan(span, deadline, self._late, self._metrics)

    def first_chunk(self, span: Span, seconds: float) -> None:
        """Record when a model began to write, in seconds from the call's begin."""
        span.set_attribute(names.GEN_AI_FIRST_CHUNK, seconds)
        self._metrics.recorder.record(metrics.MODEL_FIRST_CHUNK, seconds, *self._metrics.labels)

    def consumed(self, span: Span, usage: Usage) -> None:
        """Record what a call of a model has consumed."""
        span.set_attributes(
            {
                names.GEN_AI_INPUT_TOKENS: usage.input_tokens,
                names.GEN_AI_OUTPUT_TOKENS: usage.output_tokens,
                names.USAGE_ESTIMATED: usage.estimated,
            }
        )
        for kind, tokens in (("input", usage.input_tokens), ("output", usage.output_tokens)):
            self._metrics.recorder.record(metrics.MODEL_TOKENS, tokens, *self._metrics.labels, kind)


class CallSpan:
    """One call until its end, with what it failed with.

    Its span is not current: an async generator that held it so over a yield would make it its reader's too.
    """

    __slots__ = ("_began", "_deadline", "_late", "_metrics", "_span")

    def __init__(self, span: Span, deadline: Deadline, late: Cause, measured: CallMetrics) -> None:
        self._span = span
        self._deadline = deadline
        self._late = late
        self._metrics = measured
        self._began = monotonic()

    def __enter__(self) -> Span:
        return self._span

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: object) -> None:
        span, error = self._span, ""
        if isinstance(raised, asyncio.CancelledError) and cut_off(self._deadline):
            raised = Failure(self._late)
        if isinstance(raised, Failure):
            error = raised.error_type
            span.set_attribute(names.CAUSE, raised.cause.value)
            if raised.retry_after is not None:
                span.set_attribute(names.RETRY_AFTER, raised.retry_after)
        elif isinstance(raised, asyncio.CancelledError):
            span.set_attribute(names.CANCELLED, True)
        elif isinstance(raised, Exception):
            error = type(raised).__qualname__
        if error:
            span.set_attribute(names.ERROR_TYPE, error)
            span.set_status(StatusCode.ERROR)
            _LOG.warning("%s failed: %s", self._metrics.dependency, error)
        self._metrics.ended(monotonic() - self._began, error)
        span.end()


def cut_off(deadline: Deadline) -> bool:
    """Return whether a cancellation at this moment is a deadline's doing, and not a caller's who left."""
    return deadline.remaining(asyncio.get_running_loop().time()) <= _SLACK


class CurrentSpan:
    """Makes a span the current one for a while: requests carry its trace context."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: Span) -> None:
        self._span = span
        self._token: Token[Context] | None = None

    def __enter__(self) -> None:
        self._token = attach(set_span_in_context(self._span))

    def __exit__(self, *raised: object) -> None:
        if self._token is not None:
            detach(self._token)

"""Spans at a fifth of what the SDK's cost: every stage of every call has one.

The SDK guards a span for use from any thread, bounds and checks what is put into it, and asks a sampler each time. Here
one thread writes a span, names and values are the code's own, and a child is recorded when its parent is. What is
exported is the same but for what exceptions say, which stays here; `tests/app/test_spans.py` compares the two.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from time import time_ns
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    get_current_span,
    use_span,
)
from opentelemetry.util.types import Attributes, AttributeValue

_UNSET: Final = Status()
_OURS: Final = TraceFlags(TraceFlags.SAMPLED | TraceFlags.RANDOM_TRACE_ID)
_OURS_UNRECORDED: Final = TraceFlags(TraceFlags.RANDOM_TRACE_ID)
_TRACE_ID_BITS = 128
_SPAN_ID_BITS = 64


class RecordedSpan(ReadableSpan, Span):
    """A span that goes to its processor when it ends; what is said to it after that is lost.

    Used by one thread until then.
    """

    def __init__(
        self,
        name: str,
        context: SpanContext,
        parent: SpanContext | None,
        kind: SpanKind,
        attributes: dict[str, AttributeValue],
        start_time: int,
        resource: Resource,
        scope: InstrumentationScope,
        processor: SpanProcessor,
    ) -> None:
        # What ReadableSpan's own would set: calling that costs as much again. Two have a second name, for its own say
        # that they may be missing.
        self._name = name
        self._context = self._ids = context
        self._parent = parent
        self._kind = kind
        self._attributes = self._said = attributes
        self._start_time = start_time
        self._end_time: int | None = None
        self._events: list[Event] = []
        self._links: Sequence[Link] = ()
        self._status = _UNSET
        self._resource = resource
        self._instrumentation_scope = scope
        self._processor = processor

    def get_span_context(self) -> SpanContext:
        """Its ids."""
        return self._ids

    def is_recording(self) -> bool:
        """Whether it has not ended."""
        return self._end_time is None

    def set_attribute(self, key: str, value: AttributeValue) -> None:
        """Say one thing of it."""
        if self._end_time is None:
            self._said[key] = value

    def set_attributes(self, attributes: Mapping[str, AttributeValue]) -> None:
        """Say some things of it."""
        if self._end_time is None:
            self._said.update(attributes)

    def add_event(self, name: str, attributes: Attributes = None, timestamp: int | None = None) -> None:
        """Something happened in it."""
        if self._end_time is None:
            self._events.append(Event(name, attributes, timestamp))

    def update_name(self, name: str) -> None:
        """Call it something else."""
        if self._end_time is None:
            self._name = name

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """How it went: OK is final. A description is left out, for it is mostly what an exception says."""
        code = status.status_code if isinstance(status, Status) else status
        if self._end_time is None and self._status.status_code is not StatusCode.OK and code is not StatusCode.UNSET:
            self._status = Status(code)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Attributes = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Note that something was raised, by its type alone: what an exception says may be private."""
        about = {"exception.type": type(exception).__qualname__, "exception.escaped": str(escaped)}
        self.add_event("exception", {**about, **(attributes or {})}, timestamp)

    def end(self, end_time: int | None = None) -> None:
        """End it, once."""
        if self._end_time is None:
            self._end_time = end_time or time_ns()
            self._processor.on_end(self)


class LeanTracer(Tracer):
    """Makes spans that are recorded as far as the caller's trace is; a trace of our own always is.

    Without a processor none is, but calls still have trace ids and take part in their callers' traces.

    Args:
        resource: what the spans come from.
        scope: what makes them.
        processor: takes them when they have ended.

    Attributes:
        resource: what the spans come from.
    """

    def __init__(self, resource: Resource, scope: InstrumentationScope, processor: SpanProcessor | None) -> None:
        self.resource = resource
        self._scope = scope
        self._processor = processor
        # An id need not be hard to guess: whoever sees a trace sees it.
        self._random = Random()  # noqa: S311

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> Span:
        """Begin a span within the current one, or that of a context; links are not kept."""
        within = get_current_span(context).get_span_context()
        parent = within if within.is_valid else None
        recorded = self._processor is not None and (parent is None or parent.trace_flags & TraceFlags.SAMPLED)
        ids = self._ids(parent, recorded=bool(recorded))
        if not recorded or self._processor is None:
            return NonRecordingSpan(ids)
        return RecordedSpan(
            name,
            ids,
            parent,
            kind,
            dict(attributes) if attributes else {},
            start_time or time_ns(),
            self.resource,
            self._scope,
            self._processor,
        )

    @contextmanager
    def start_as_current_span(  # type: ignore[override]  # the interface's own kind decorates coroutines too
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Iterator[Span]:
        """Begin a span and make it the current one."""
        span = self.start_span(name, context, kind, attributes, links, start_time)
        with use_span(
            span,
            end_on_exit=end_on_exit,
            record_exception=record_exception,
            set_status_on_exception=set_status_on_exception,
        ):
            yield span

    def _ids(self, parent: SpanContext | None, *, recorded: bool) -> SpanContext:
        span_id = self._id(_SPAN_ID_BITS)
        if parent is None:
            flags = _OURS if recorded else _OURS_UNRECORDED
            return SpanContext(self._id(_TRACE_ID_BITS), span_id, is_remote=False, trace_flags=flags)
        flags = parent.trace_flags
        if not recorded and flags & TraceFlags.SAMPLED:
            flags = TraceFlags(flags & ~TraceFlags.SAMPLED)
        return SpanContext(parent.trace_id, span_id, is_remote=False, trace_flags=flags, trace_state=parent.trace_state)

    def _id(self, bits: int) -> int:
        """Never 0, which stands for none."""
        return self._random.getrandbits(bits) or 1

"""Spans at a fifth of the SDK's cost: every stage of every call has one.

The SDK locks a span for use from any thread, limits and checks its attributes, and calls a sampler each time. Here one
thread writes a span, names and values come from our own code, and a sampler is asked once a call: a child is recorded
when its parent is. The exported spans are the same, except that the messages of exceptions are left out;
`tests/app/telemetry/test_spans.py` compares the two.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from random import Random
from time import time_ns
from typing import Final

from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.sampling import DEFAULT_ON, Decision, Sampler
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
    set_span_in_context,
)
from opentelemetry.util.types import Attributes, AttributeValue

_UNSET: Final = Status()
_OURS: Final = TraceFlags(TraceFlags.SAMPLED | TraceFlags.RANDOM_TRACE_ID)
_TRACE_ID_BITS = 128
_SPAN_ID_BITS = 64


class RecordedSpan(ReadableSpan, Span):
    """A span that goes to its processor when it ends, and ignores changes after that.

    One thread uses it until then.
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
        links: Sequence[Link],
    ) -> None:
        # The fields that ReadableSpan's constructor would set: calling it costs as much again. Two have a second name,
        # since their types in ReadableSpan allow None.
        self._name = name
        self._context = self._ids = context
        self._parent = parent
        self._kind = kind
        self._attributes = self._values = attributes
        self._start_time = start_time
        self._end_time: int | None = None
        self._events: list[Event] = []
        self._links: Sequence[Link] = links
        self._status = _UNSET
        self._resource = resource
        self._instrumentation_scope = scope
        self._processor = processor

    def __repr__(self) -> str:
        state = "recording" if self._end_time is None else "ended"
        return f"<RecordedSpan {self._name} {self._ids.span_id:016x} of trace {self._ids.trace_id:032x}, {state}>"

    def get_span_context(self) -> SpanContext:
        """Return the ids of the span."""
        return self._ids

    def is_recording(self) -> bool:
        """Return whether the span has not ended."""
        return self._end_time is None

    def set_attribute(self, key: str, value: AttributeValue) -> None:
        """Set one attribute."""
        if self._end_time is None:
            self._values[key] = value

    def set_attributes(self, attributes: Mapping[str, AttributeValue]) -> None:
        """Set several attributes."""
        if self._end_time is None:
            self._values.update(attributes)

    def add_event(self, name: str, attributes: Attributes = None, timestamp: int | None = None) -> None:
        """Add an event."""
        if self._end_time is None:
            self._events.append(Event(name, attributes, timestamp))

    def add_link(self, context: SpanContext, attributes: Attributes = None) -> None:
        """Link to another span."""
        if self._end_time is None and context.is_valid:
            self._links = (*self._links, Link(context, attributes))

    def update_name(self, name: str) -> None:
        """Rename the span."""
        if self._end_time is None:
            self._name = name

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Set the status; OK is final. The description is dropped: it is mostly an exception's message."""
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
        """Record an exception by its type alone: its message may hold private text."""
        about = {"exception.type": type(exception).__qualname__, "exception.escaped": str(escaped)}
        self.add_event("exception", {**about, **(attributes or {})}, timestamp)

    def end(self, end_time: int | None = None) -> None:
        """End the span, once."""
        if self._end_time is None:
            self._end_time = end_time or time_ns()
            self._processor.on_end(self)


class _CurrentSpan(AbstractContextManager[Span]):
    """Makes a span the current one, as `use_span` does; a class, since a generator's costs several times as much."""

    __slots__ = ("_end", "_record", "_set_status", "_span", "_token")

    def __init__(self, span: Span, record_exception: bool, set_status_on_exception: bool, end_on_exit: bool) -> None:
        self._span = span
        self._record = record_exception
        self._set_status = set_status_on_exception
        self._end = end_on_exit

    def __enter__(self) -> Span:
        self._token = attach(set_span_in_context(self._span))
        return self._span

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: object) -> None:
        detach(self._token)
        if isinstance(raised, Exception):
            if self._record:
                self._span.record_exception(raised)
            if self._set_status:
                self._span.set_status(StatusCode.ERROR)
        if self._end:
            self._span.end()


class LeanTracer(Tracer):
    """A tracer that records a span when its parent in this process is recorded, and otherwise asks the sampler.

    Every sampler that the SDK names decides a span with a local parent as it decided the parent. Without a processor no
    span is recorded, but calls still have trace ids and continue their callers' traces.

    Args:
        resource: the service that the spans come from.
        scope: the instrumentation scope of the spans.
        processor: exports the spans when they have ended.
        sampler: decides about spans without a parent in this process.

    Attributes:
        resource: the service that the spans come from.
    """

    def __init__(
        self,
        resource: Resource,
        scope: InstrumentationScope,
        processor: SpanProcessor | None,
        sampler: Sampler = DEFAULT_ON,
    ) -> None:
        self.resource = resource
        self._scope = scope
        self._processor = processor
        self._sampler = sampler
        # An id may be guessed: it grants no access.
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
        """Start a span within the current one, or within that of a context."""
        within = get_current_span(context).get_span_context()
        parent = within if within.is_valid else None
        ids = self._ids(parent)
        if self._processor is None or not self._records(ids, parent, context, name, kind):
            return NonRecordingSpan(_unsampled(ids))
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
            tuple(links) if links else (),
        )

    def start_as_current_span(  # type: ignore[override]  # the interface's version decorates coroutines too
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
    ) -> "_CurrentSpan":
        """Start a span and make it the current one."""
        span = self.start_span(name, context, kind, attributes, links, start_time)
        return _CurrentSpan(span, record_exception, set_status_on_exception, end_on_exit)

    def _records(
        self, ids: SpanContext, parent: SpanContext | None, context: Context | None, name: str, kind: SpanKind
    ) -> bool:
        if parent is not None and not parent.is_remote:
            return bool(parent.trace_flags & TraceFlags.SAMPLED)
        return self._sampler.should_sample(context, ids.trace_id, name, kind).decision is Decision.RECORD_AND_SAMPLE

    def _ids(self, parent: SpanContext | None) -> SpanContext:
        """Return the ids of a span, with the flag that it is sampled."""
        span_id = self._id(_SPAN_ID_BITS)
        if parent is None:
            return SpanContext(self._id(_TRACE_ID_BITS), span_id, is_remote=False, trace_flags=_OURS)
        flags = parent.trace_flags
        if not flags & TraceFlags.SAMPLED:
            flags = TraceFlags(flags | TraceFlags.SAMPLED)
        return SpanContext(parent.trace_id, span_id, is_remote=False, trace_flags=flags, trace_state=parent.trace_state)

    def _id(self, bits: int) -> int:
        """Return a random id; never 0, which means no id."""
        return self._random.getrandbits(bits) or 1


def _unsampled(ids: SpanContext) -> SpanContext:
    flags = TraceFlags(ids.trace_flags & ~TraceFlags.SAMPLED)
    return SpanContext(ids.trace_id, ids.span_id, is_remote=False, trace_flags=flags, trace_state=ids.trace_state)

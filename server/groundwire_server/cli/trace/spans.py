"""Spans as Jaeger's query API returns them: OTLP in JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from groundwire_server.domain.failure import GroundwireError

Value: TypeAlias = str | int | float | bool | Sequence["Value"]

_SERVER: Final = frozenset({2, "SPAN_KIND_SERVER"})
_ERROR: Final = frozenset({2, "STATUS_CODE_ERROR"})


class MalformedTraceError(GroundwireError):
    """JSON that does not hold spans in OTLP's form."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened during a span."""

    name: str
    attributes: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class TracedSpan:
    """One span; times in seconds since the epoch.

    Attributes:
        parent_id: empty for the first span of a trace.
        service: the service that recorded it.
        served: whether it is of a call that its service answered.
        failed: whether its status is an error.
    """

    trace_id: str
    span_id: str
    parent_id: str
    service: str
    name: str
    start: float
    end: float
    served: bool
    failed: bool
    attributes: Mapping[str, Value]
    events: Sequence[Event]

    @property
    def duration(self) -> float:
        """How long it took, in seconds."""
        return max(self.end - self.start, 0.0)

    def text(self, name: str) -> str:
        """Return an attribute as a text; empty when it is not set."""
        value = self.attributes.get(name)
        return "" if value is None else str(value)

    def number(self, name: str) -> float | None:
        """Return an attribute that is a number; None when it is not set, or not a number."""
        value = self.attributes.get(name)
        return float(value) if isinstance(value, int | float) else None


def spans_of(reply: Any) -> Sequence[TracedSpan]:
    """Return the spans of a reply, in the order of their starts.

    Raises:
        MalformedTraceError: when the reply is of another form.
    """
    try:
        return sorted(_each(reply["result"]["resourceSpans"]), key=lambda span: span.start)
    except (AttributeError, LookupError, TypeError, ValueError):
        raise MalformedTraceError from None


def _each(resources: Any) -> Iterator[TracedSpan]:
    for resource in resources:
        service = str(_attributes(resource.get("resource", {})).get("service.name", ""))
        for scope in resource.get("scopeSpans", ()):
            for span in scope.get("spans", ()):
                yield _span(service, span)


def _span(service: str, span: Any) -> TracedSpan:
    return TracedSpan(
        trace_id=str(span["traceId"]),
        span_id=str(span["spanId"]),
        parent_id=str(span.get("parentSpanId", "")),
        service=service,
        name=str(span.get("name", "")),
        start=int(span["startTimeUnixNano"]) / 1e9,
        end=int(span["endTimeUnixNano"]) / 1e9,
        served=span.get("kind") in _SERVER,
        failed=span.get("status", {}).get("code") in _ERROR,
        attributes=_attributes(span),
        events=[Event(str(event.get("name", "")), _attributes(event)) for event in span.get("events", ())],
    )


def _attributes(holder: Any) -> Mapping[str, Value]:
    return {str(each["key"]): _value(each["value"]) for each in holder.get("attributes", ())}


def _value(value: Any) -> Value:
    """Return a value of OTLP; 64-bit integers are texts in it."""
    match value:
        case {"stringValue": text}:
            return str(text)
        case {"boolValue": flag}:
            return bool(flag)
        case {"intValue": number}:
            return int(number)
        case {"doubleValue": number}:
            return float(number)
        case {"arrayValue": {"values": values}}:
            return [_value(each) for each in values]
        case _:
            return ""

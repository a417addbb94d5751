"""Spans as the bytes of a request, at half of the SDK's cost: most attributes recur, and are encoded once.

`tests/app/telemetry/test_encoding.py` compares the bytes with the SDK's.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, SpanFlags, Status
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, StatusCode
from opentelemetry.util.types import AttributeValue

_CACHED_PAIRS: Final = 4096
_RECURRING: Final = frozenset({str, int, bool})
"""Types of values that recur; numbers with a point are mostly times."""
_KINDS: Final[Mapping[SpanKind, "Span.SpanKind.ValueType"]] = {
    SpanKind.INTERNAL: Span.SPAN_KIND_INTERNAL,
    SpanKind.SERVER: Span.SPAN_KIND_SERVER,
    SpanKind.CLIENT: Span.SPAN_KIND_CLIENT,
    SpanKind.PRODUCER: Span.SPAN_KIND_PRODUCER,
    SpanKind.CONSUMER: Span.SPAN_KIND_CONSUMER,
}
_STATUSES: Final[Mapping[StatusCode, Status]] = {
    StatusCode.UNSET: Status(),
    StatusCode.OK: Status(code=Status.STATUS_CODE_OK),
    StatusCode.ERROR: Status(code=Status.STATUS_CODE_ERROR),
}
_LOCAL: Final = int(SpanFlags.SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK)
_REMOTE: Final = _LOCAL | int(SpanFlags.SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK)


class SpanEncoder:
    """Encodes spans, and keeps the attributes that it has encoded last. One thread at a time uses it."""

    def __init__(self) -> None:
        # Typed: 1, 1.0 and True are equal, and encoded differently.
        self._cached = lru_cache(_CACHED_PAIRS, typed=True)(_pair)

    def encode(self, spans: Sequence[ReadableSpan]) -> bytes:
        """Return a request that exports spans, with each resource and each scope once."""
        request = ExportTraceServiceRequest()
        resources: dict[object, ResourceSpans] = {}
        scopes: dict[tuple[object, object], ScopeSpans] = {}
        for span in spans:
            # Messages are made in their places: one that is put into another is copied.
            key = (span.resource, span.instrumentation_scope)
            if key not in scopes:
                if span.resource not in resources:
                    resources[span.resource] = self._add_resource(request, span.resource)
                scopes[key] = self._add_scope(resources[span.resource], span.instrumentation_scope)
            self._add_span(scopes[key], span)
        return request.SerializeToString()

    def _add_resource(self, request: ExportTraceServiceRequest, resource: Resource) -> ResourceSpans:
        added = request.resource_spans.add(schema_url=resource.schema_url)
        added.resource.attributes.extend(self._pairs(resource.attributes))
        return added

    def _add_scope(self, resource_spans: ResourceSpans, scope: InstrumentationScope | None) -> ScopeSpans:
        added = resource_spans.scope_spans.add()
        added.scope.SetInParent()
        if scope is not None:
            added.scope.name = scope.name
            added.scope.version = scope.version or ""
            added.scope.attributes.extend(self._pairs(scope.attributes or {}))
            added.schema_url = scope.schema_url or ""
        return added

    def _add_span(self, scope_spans: ScopeSpans, span: ReadableSpan) -> None:
        ids, parent = span.context, span.parent
        if ids is None:
            raise ValueError("a recorded span has ids")
        added = scope_spans.spans.add(
            trace_id=ids.trace_id.to_bytes(16, "big"),
            span_id=ids.span_id.to_bytes(8, "big"),
            parent_span_id=b"" if parent is None else parent.span_id.to_bytes(8, "big"),
            name=span.name,
            kind=_KINDS[span.kind],
            start_time_unix_nano=span.start_time,
            end_time_unix_nano=span.end_time,
            attributes=self._pairs(span.attributes or {}),
            status=_STATUSES[span.status.status_code],
            flags=_flags(parent),
            dropped_attributes_count=span.dropped_attributes,
        )
        if ids.trace_state:
            added.trace_state = ids.trace_state.to_header()
        for event in span.events:
            added.events.add(
                name=event.name, time_unix_nano=event.timestamp, attributes=self._pairs(event.attributes or {})
            )
        for link in span.links:
            added.links.add(
                trace_id=link.context.trace_id.to_bytes(16, "big"),
                span_id=link.context.span_id.to_bytes(8, "big"),
                attributes=self._pairs(link.attributes or {}),
                flags=_flags(link.context),
            )

    def _pairs(self, attributes: Mapping[str, AttributeValue]) -> list[KeyValue]:
        cached = self._cached
        return [
            cached(key, value) if type(value) in _RECURRING else _pair(key, value) for key, value in attributes.items()
        ]


def _flags(context: SpanContext | None) -> int:
    return _REMOTE if context is not None and context.is_remote else _LOCAL


def _pair(key: str, value: AttributeValue) -> KeyValue:
    return KeyValue(key=key, value=_value(value))


def _value(value: AttributeValue) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case str():
            return AnyValue(string_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case _:
            return AnyValue(array_value=ArrayValue(values=[_value(each) for each in value or ()]))

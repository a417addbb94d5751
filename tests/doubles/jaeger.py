"""The query API of a Jaeger, third version: holds spans, and searches them as its store in memory does."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans
from opentelemetry.sdk.trace import ReadableSpan

from tests.doubles.threaded import threaded

SERVICE = "groundwire"


Reply: TypeAlias = tuple[int, str]
"""A status and a body."""


@dataclass
class Jaeger:
    """What it holds, and what it was asked.

    Attributes:
        held: spans with their resources, as OTLP says it.
        reply: in place of what is held.
        paths: of every request.
        authorizations: the header of every request; empty where it had none.
    """

    held: list[ResourceSpans] = field(default_factory=list)
    reply: Reply | None = None
    paths: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)

    def add(self, spans: Sequence[ReadableSpan], service: str = SERVICE) -> None:
        """Hold these spans too."""
        for resource in encode_spans(spans).resource_spans:
            named = resource.resource.attributes.add(key="service.name")
            named.value.string_value = service
            self.held.append(resource)

    def answer(self, path: str, authorization: str) -> Reply:
        """What a request is answered with."""
        self.paths.append(path)
        self.authorizations.append(authorization)
        if self.reply is not None:
            return self.reply
        parts = urlsplit(path)
        match parts.path.split("/")[1:]:
            case ["api", "v3", "services"]:
                return _json(200, {"services": sorted({_service(each) for each in self.held})})
            case ["api", "v3", "traces", trace_id]:
                return self._traces([trace_id])
            case ["api", "v3", "traces"]:
                given = {name: values[0] for name, values in parse_qs(parts.query).items()}
                return self._traces(self._found(given))
            case _:
                return 404, "404 page not found\n"

    def _found(self, given: dict[str, str]) -> list[str]:
        begins, ends = (
            datetime.fromisoformat(given[f"query.startTime{end}"]).timestamp() * 1e9 for end in ("Min", "Max")
        )
        least = int(given.get("query.durationMin", "0ms").removesuffix("ms")) * 1_000_000
        wanted = json.loads(given.get("query.attributes", "{}"))
        found: dict[str, None] = {}
        for resource in reversed(self.held):
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                has = {each.key: each.value.string_value for each in span.attributes}
                if (
                    _service(resource) == given["query.serviceName"]
                    and given.get("query.operationName", span.name) == span.name
                    and begins <= span.start_time_unix_nano <= ends
                    and span.end_time_unix_nano - span.start_time_unix_nano >= least
                    and wanted.items() <= has.items()
                ):
                    found[span.trace_id.hex()] = None
        return list(found)[: int(given["query.searchDepth"])]

    def _traces(self, trace_ids: Iterable[str]) -> Reply:
        resources = [shown for resource in self.held if (shown := _within(resource, frozenset(trace_ids)))]
        if not resources:
            return 404, '{"error":{"httpCode":404,"message":"No traces found"}}\n'
        return _json(200, {"result": {"resourceSpans": resources}})


@contextmanager
def querying(jaeger: Jaeger) -> Iterator[str]:
    """Serve it; yield the address of its API."""

    def answer(method: str, path: str, headers: Message) -> tuple[int, str]:
        return jaeger.answer(path, headers.get("authorization", ""))

    with threaded(answer) as port:
        yield f"http://127.0.0.1:{port}"


def _service(resource: ResourceSpans) -> str:
    return next(each.value.string_value for each in resource.resource.attributes if each.key == "service.name")


def _within(resource: ResourceSpans, trace_ids: frozenset[str]) -> dict[str, Any] | None:
    """The resource with its spans of these traces; ids are hexadecimal in OTLP's JSON."""
    scopes = []
    for scope in resource.scope_spans:
        spans = []
        for span in scope.spans:
            if span.trace_id.hex() in trace_ids:
                shown = MessageToDict(span, use_integers_for_enums=True)
                ids = {"traceId": span.trace_id.hex(), "spanId": span.span_id.hex()}
                spans.append(
                    {**shown, **ids, **({"parentSpanId": parent} if (parent := span.parent_span_id.hex()) else {})}
                )
        if spans:
            scopes.append({"scope": MessageToDict(scope.scope), "spans": spans})
    return {"resource": MessageToDict(resource.resource), "scopeSpans": scopes} if scopes else None


def _json(status: int, content: Any) -> Reply:
    return status, json.dumps(content)

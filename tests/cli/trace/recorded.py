"""Spans of calls as a server exports them, at times that a test chooses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import time_ns

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Span, SpanKind, StatusCode, format_trace_id, set_span_in_context
from opentelemetry.util.types import AttributeValue

from groundwire_server.telemetry import names
from tests.doubles.spans import Spans

STREAM = "groundwire.v1.AnswerService/StreamAnswer"


@dataclass
class Recording:
    """One call, written span by span; times in milliseconds from its beginning.

    Attributes:
        began: nanoseconds since the epoch.
        caller: the span of a caller's own, whose trace the call joins.
    """

    began: int = field(default_factory=time_ns)
    method: str = STREAM
    spans: Spans = field(default_factory=Spans)
    caller: Span | None = None

    def __post_init__(self) -> None:
        within = None if self.caller is None else set_span_in_context(self.caller)
        self.call = self.spans.tracer.start_span(self.method, within, kind=SpanKind.SERVER, start_time=self.began)
        self.call.set_attributes({names.RPC_SYSTEM: "grpc", names.RPC_METHOD: self.method, names.RPC_STATUS: "OK"})

    @property
    def trace_id(self) -> str:
        return format_trace_id(self.call.get_span_context().trace_id)

    @property
    def exported(self) -> list[ReadableSpan]:
        return list(self.spans.finished)

    def span(
        self,
        name: str,
        start: float,
        end: float,
        attributes: Mapping[str, AttributeValue] | None = None,
        *,
        within: Span | None = None,
        failed: bool = False,
        retried: Mapping[str, AttributeValue] | None = None,
    ) -> Span:
        """Record one."""
        span = self.spans.tracer.start_span(
            name,
            set_span_in_context(within or self.call),
            attributes=attributes,
            start_time=self.began + round(start * 1e6),
        )
        if failed:
            span.set_status(StatusCode.ERROR)
        if retried:
            span.add_event(names.RETRY, retried)
        span.end(self.began + round(end * 1e6))
        return span

    def end(self, after: float, outcome: str, cause: str, action: str, **attributes: AttributeValue) -> "Recording":
        """End the call with an outcome."""
        self.call.set_attributes(
            {
                names.OUTCOME: outcome,
                names.CAUSE: cause,
                names.ACTION: action,
                names.NEXT_STEP: "SHOW",
                names.ROUTE: "default",
                names.TENANT: "acme",
                names.REQUEST_ID: "request-0001",
                **attributes,
            }
        )
        self.call.end(self.began + round(after * 1e6))
        return self


def fallback(began: int | None = None) -> Recording:
    """A call whose first model failed twice, and whose second one answered."""
    call = Recording(began or time_ns())
    retrieve = call.span("groundwire.retrieve", 1, 21, {names.STAGE_BUDGET: 2.0})
    call.span("search.hybrid Passages", 2, 20, {names.DB_SYSTEM: "weaviate"}, within=retrieve)
    first = call.span(
        "groundwire.generate", 22, 430, {names.STAGE_BUDGET: 28.4, names.ATTEMPT: 1, names.CAUSE: "MODEL_UNAVAILABLE"}
    )
    call.span(
        "chat large",
        23,
        429,
        {names.CAUSE: "MODEL_UNAVAILABLE", names.ERROR_TYPE: "503"},
        within=first,
        failed=True,
        retried={names.RETRY_ATTEMPT: 1, names.RETRY_DELAY: 0.2, names.CAUSE: "MODEL_RATE_LIMITED"},
    )
    tokens: dict[str, AttributeValue] = {
        names.MODEL: "small",
        names.INPUT_TOKENS: 812,
        names.OUTPUT_TOKENS: 64,
        names.COST: 1250,
    }
    second = call.span(
        "groundwire.generate",
        431,
        980,
        {names.STAGE_BUDGET: 28.0, names.ATTEMPT: 2, **tokens, names.CURRENCY: "EUR"},
    )
    call.span("chat small", 432, 978, {names.GEN_AI_FIRST_CHUNK: 0.168}, within=second)
    call.span("groundwire.decide", 990, 990, {names.OUTCOME: "Degraded", names.CAUSE: "MODEL_UNAVAILABLE"})
    return call.end(1000, "Degraded", "MODEL_UNAVAILABLE", "NEXT_MODEL")

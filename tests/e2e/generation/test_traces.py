"""What a receiver that understands `gen_ai.*` over OTLP/HTTP, such as Langfuse, is sent of an answer."""

import asyncio
import json
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Tracer

from groundwire_server.app.configuration.models.telemetry import OtlpConfig, TelemetryConfig
from groundwire_server.app.telemetry.drops import DropTotals
from groundwire_server.app.telemetry.otlp import OtlpSpanExporter
from groundwire_server.app.telemetry.receivers import Signal
from groundwire_server.app.telemetry.setup import export
from groundwire_server.app.telemetry.spans import LeanTracer
from groundwire_server.app.telemetry.traces import tracer
from tests.doubles.counts import Counts
from tests.doubles.otlp import Taken, http_receiver
from tests.doubles.upstream import Reply, upstream
from tests.e2e.calls import answer
from tests.e2e.generation.conftest import Serve, Served, one_model
from tests.e2e.generation.drafts import DOCUMENTS, DONE, SENTENCE, segments, usage, writes

NAMED = b'data: {"model":"gpt-test-2026","choices":[]}\n\n'
ANSWERS = Reply([NAMED, *writes(*segments(SENTENCE), rest=(usage(812, 61, 512), DONE))])
BROKEN = Reply([], "500 Internal Server Error")


def plain(value: AnyValue) -> Any:
    which = value.WhichOneof("value")
    if which == "array_value":
        return [plain(each) for each in value.array_value.values]
    return getattr(value, which or "string_value")


def attributes(span: Span) -> dict[str, Any]:
    return {each.key: plain(each.value) for each in span.attributes}


async def sent(served: Served, monkeypatch: pytest.MonkeyPatch) -> Taken:
    """Send the spans of a server in the way of the recipe for Langfuse."""
    monkeypatch.setenv("LANGFUSE_AUTH", "Basic cGstbGY6c2stbGY=")
    with http_receiver() as taken:
        section = {
            "endpoint": f"http://127.0.0.1:{taken.port}/api/public/otel",
            "protocol": "http/protobuf",
            "headers": {"Authorization": "env://LANGFUSE_AUTH"},
        }
        way = export(OtlpConfig.model_validate_json(json.dumps(section)), Signal.TRACES, DropTotals(Counts()))
        assert way is not None
        exported = await asyncio.to_thread(OtlpSpanExporter(way).export, served.spans.finished)
        assert exported is SpanExportResult.SUCCESS
    return taken


async def test_a_model_call_is_a_generation_within_its_answer(
    configured: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with upstream(ANSWERS) as double, configured(one_model(double)) as served:
        await answer(served)
        taken = await sent(served, monkeypatch)
    assert taken.paths == ["/api/public/otel/v1/traces"]
    assert taken.headers["authorization"] == "Basic cGstbGY6c2stbGY="
    spans = {span.name: span for span in taken.spans}
    call, stage, chat = (
        spans[name] for name in ("groundwire.v1.AnswerService/Answer", "groundwire.generate", "chat cloud-test")
    )
    assert {span.trace_id for span in taken.spans} == {call.trace_id}
    assert (chat.parent_span_id, stage.parent_span_id, call.parent_span_id) == (stage.span_id, call.span_id, b"")
    assert (call.kind, chat.kind) == (Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT)
    assert call.start_time_unix_nano <= chat.start_time_unix_nano < chat.end_time_unix_nano <= call.end_time_unix_nano
    shown = attributes(chat)
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "cloud",
        "gen_ai.request.model": "cloud-test",
        "gen_ai.response.model": "gpt-test-2026",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 812,
        "gen_ai.usage.output_tokens": 61,
    }
    assert {key: shown[key] for key in expected} == expected


async def test_no_text_is_sent(configured: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async with upstream(ANSWERS) as double, configured(one_model(double)) as served:
        await answer(served)
        taken = await sent(served, monkeypatch)
    everything = str(taken.requests)
    # Long words of the documents and the answer.
    for word in {word for text in (SENTENCE, *map(str, DOCUMENTS)) for word in text.split() if len(word) > 6}:
        assert word not in everything, word


@pytest.mark.parametrize("reply", [ANSWERS, BROKEN], ids=["answers", "fails"])
async def test_the_sdks_tracer_makes_the_same_spans(
    configured: Serve, monkeypatch: pytest.MonkeyPatch, reply: Reply
) -> None:
    made = []
    for make in (LeanTracer, _sdk_tracer):
        monkeypatch.setattr("tests.doubles.spans.LeanTracer", make)
        async with upstream(reply) as double, configured(one_model(double, retry={"max_attempts": 1})) as served:
            await answer(served)
            names = {span.context.span_id: span.name for span in served.spans.finished if span.context is not None}
            made.append([_described(span, names) for span in served.spans.finished])
    ours, theirs = made
    assert len(ours) > 5
    assert ours == theirs


def _sdk_tracer(resource: Resource, scope: InstrumentationScope, processor: SpanProcessor) -> Tracer:
    return tracer(TelemetryConfig(tracer="sdk"), resource, scope, processor)


def _described(span: ReadableSpan, names: dict[int, str]) -> object:
    """What a span says, without its ids and its times."""
    attributes = {
        key: None if isinstance(value, float) or key in {"server.port", "groundwire.request_id"} else value
        for key, value in (span.attributes or {}).items()
    }
    parent = None if span.parent is None else names[span.parent.span_id]
    events = [(event.name, sorted(event.attributes or {})) for event in span.events]
    return span.name, span.kind, parent, span.status.status_code, attributes, events


async def test_a_model_that_failed_has_an_error_in_its_answers_trace(
    configured: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with upstream(BROKEN) as double, configured(one_model(double, retry={"max_attempts": 1})) as served:
        await answer(served)
        taken = await sent(served, monkeypatch)
    (chat,) = [span for span in taken.spans if span.name == "chat cloud-test"]
    assert chat.status.code == Status.STATUS_CODE_ERROR
    assert attributes(chat)["error.type"] == "MODEL_UNAVAILABLE"

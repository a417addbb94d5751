"""One event for each request, however it ends: over a real server."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from opentelemetry.trace import StatusCode

from groundwire.v1 import answer_service_pb2, document_service_pb2
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.edge.decision_log import LOGGER
from groundwire_server.edge.sink import StreamSink
from groundwire_server.telemetry import metrics
from tests.doubles.generator import DONE, ScriptedGenerator, Wait, draft
from tests.e2e.calls import ACME, answer, ingest, question, stream
from tests.e2e.conftest import Product, Serve

LAMBDAS = ("lambdas", "Lambda expressions create anonymous functions.")
SENTENCE = LAMBDAS[1]
ANSWER, STREAM = (f"groundwire.v1.AnswerService/{name}" for name in ("Answer", "StreamAnswer"))


class Events:
    """The events of the log."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, LOGGER)
        self._caplog = caplog

    def of(self, *methods: str) -> list[dict[str, Any]]:
        records = [vars(record) for record in self._caplog.records if record.name == LOGGER]
        return [record for record in records if record["method"] in methods]

    async def appear(self, number: int, *methods: str) -> list[dict[str, Any]]:
        """Those events, once there are so many: a call ends at its caller before it ends here."""
        for _ in range(1000):
            if len(self.of(*methods)) >= number:
                break
            await asyncio.sleep(0.01)
        return self.of(*methods)


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture) -> Events:
    return Events(caplog)


async def test_an_answer_leaves_one_event_that_agrees_with_its_report(product: Product, events: Events) -> None:
    outcome = await answer(product, request_id="request-0001")
    (event,) = await events.appear(1, ANSWER)
    assert event["event"] == "groundwire.decision"
    assert (event["request_id"], event["trace_id"]) == (outcome.report.request_id, outcome.report.trace_id)
    assert (event["outcome"], event["cause"], event["action"]) == ("Answered", "ANSWER_VALIDATED", "ANSWER")
    assert (event["response_valid"], event["verdicts"], event["citations"]) == (True, {"VERBATIM": 1}, 1)
    assert [each["model"] for each in event["attempts"]] == [outcome.report.model]
    assert (event["usage"][0]["input_tokens"], event["usage"][0]["output_tokens"]) == (100, 20)
    assert list(event["stages_ms"]) == [
        "NORMALIZE",
        "RETRIEVE",
        "SELECT",
        "PROMPT",
        "GENERATE",
        "CHECK",
        "VALIDATE",
        "DECIDE",
    ]
    assert event["found"] >= len(event["passages"]) > 0
    assert event["best_relevance"] == event["passages"][0]["relevance"]
    assert 0 < event["left_ms"] < event["deadline_ms"]
    assert "mode" not in event


async def test_a_stream_leaves_one_event_with_its_mode(product: Product, events: Events) -> None:
    assert await stream(product)
    (event,) = await events.appear(1, STREAM)
    assert (event["outcome"], event["mode"]) == ("Answered", "CHECKED")


async def test_a_fallback_is_told_from_its_first_cause_on(serve: Serve, events: Events) -> None:
    async with serve(ScriptedGenerator([Failure(Cause.MODEL_UNAVAILABLE)])) as product:
        await ingest(product, LAMBDAS)
        await answer(product)
        (event,) = await events.appear(1, ANSWER)
    assert (event["outcome"], event["cause"], event["action"]) == ("Degraded", "MODEL_UNAVAILABLE", "PASSAGES_ONLY")
    assert event["response_valid"] is False
    assert [each["cause"] for each in event["attempts"]] == ["MODEL_UNAVAILABLE"]
    assert event["losses"] == ("ANSWER",)


@pytest.mark.parametrize(
    ("request_", "metadata", "status", "reason"),
    [
        ({"question": question("  ")}, ACME, "INVALID_ARGUMENT", "INVALID_REQUEST"),
        ({"question": question(route="nowhere")}, ACME, "NOT_FOUND", "ROUTE_UNKNOWN"),
        ({"question": question()}, (), "UNAUTHENTICATED", "UNAUTHENTICATED"),
    ],
    ids=["an invalid question", "an unknown route", "no tenant"],
)
async def test_a_rejected_call_leaves_one_event_with_its_reason(
    product: Product, events: Events, request_: dict[str, Any], metadata: Any, status: str, reason: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await product.answers.Answer(answer_service_pb2.AnswerRequest(**request_), metadata=metadata, timeout=5)
    (event,) = await events.appear(1, ANSWER)
    assert (event["status"], event["reason"]) == (status, reason)
    assert "outcome" not in event
    labels = ("grpc", ANSWER, status, status)
    assert len(product.counts.values(metrics.CALL_DURATION, *labels)) == 1


async def test_a_call_that_its_caller_leaves_says_how_far_it_came(serve: Serve, events: Events) -> None:
    async with serve(ScriptedGenerator([*draft((SENTENCE, ["p1"]))[:1], Wait(60.0), DONE])) as product:
        await ingest(product, LAMBDAS)
        call = product.answers.Answer(answer_service_pb2.AnswerRequest(question=question()), metadata=ACME, timeout=60)
        await product.generator.began.wait()
        call.cancel()
        (event,) = await events.appear(1, ANSWER)
    assert (event["status"], event["route"]) == ("CANCELLED", "default")
    assert [each["model"] for each in event["attempts"]] == ["extractive"]
    assert "GENERATE" in event["stages_ms"]
    assert event["usage"][0]["estimated"]


async def test_calls_that_share_a_run_have_an_event_each_and_one_run_in_the_metrics(
    serve: Serve, events: Events
) -> None:
    async with serve(ScriptedGenerator([Wait(0.05), *draft((SENTENCE, ["p1"])), DONE])) as product:
        await ingest(product, LAMBDAS)
        await asyncio.gather(*(answer(product, request_id="request-0001") for _ in range(3)))
        found = await events.appear(3, ANSWER)
    assert [event["outcome"] for event in found] == ["Answered"] * 3
    runs = {event.get("run_trace_id", event["trace_id"]) for event in found}
    assert len(runs) == 1
    assert len([event for event in found if "run_trace_id" in event]) == 2
    assert product.counts.of(metrics.ANSWERS, "default", "Answered") == 3
    assert len(product.counts.values(metrics.ANSWER_DURATION, "default", "Answered")) == 1
    assert product.counts.of(metrics.TOKENS, "acme", "extractive", "ANSWER", "input") == 100


async def test_work_that_outlives_its_call_leaves_an_event_of_its_own(serve: Serve, events: Events) -> None:
    async with serve(ScriptedGenerator([Wait(0.05), *draft((SENTENCE, ["p1"])), DONE])) as product:
        await ingest(product, LAMBDAS)
        request = answer_service_pb2.StreamAnswerRequest(
            question=question(), request_id="request-0001", resume_window=Duration(seconds=30)
        )
        call = product.answers.StreamAnswer(request, metadata=ACME, timeout=30)
        await call.read()
        call.cancel()
        left, ended = await events.appear(2, STREAM)
    assert (left["status"], left.get("outcome"), left.get("abandoned")) == ("CANCELLED", None, None)
    assert (ended["outcome"], ended["abandoned"]) == ("Answered", True)
    assert left["trace_id"] == ended["trace_id"]
    assert product.counts.of(metrics.TOKENS, "acme", "extractive", "ANSWER", "output") == 20


async def test_calls_that_decide_nothing_leave_an_event_too(product: Product, events: Events) -> None:
    request = document_service_pb2.GetDocumentRequest(document_id="lambdas")
    await product.documents.GetDocument(request, metadata=ACME, timeout=5)
    (event,) = await events.appear(1, "groundwire.v1.DocumentService/GetDocument")
    assert (event["status"], event["tenant"]) == ("OK", "acme")
    assert "stages_ms" not in event


async def test_a_failed_stage_is_an_error_of_the_trace(serve: Serve) -> None:
    async with serve(ScriptedGenerator([Failure(Cause.MODEL_UNAVAILABLE)])) as product:
        await ingest(product, LAMBDAS)
        await answer(product)
        (generate,) = [span for span in product.spans.finished if span.name == "groundwire.generate"]
    assert generate.status.status_code is StatusCode.ERROR
    assert (generate.attributes or {})["error.type"] == "MODEL_UNAVAILABLE"


async def test_the_slots_of_a_process_can_be_seen_while_they_are_used(serve: Serve) -> None:
    async with serve(ScriptedGenerator([Wait(0.05), *draft((SENTENCE, ["p1"])), DONE])) as product:
        await ingest(product, LAMBDAS)
        waiting = asyncio.create_task(stream(product))
        await product.generator.began.wait()
        gauges = (metrics.CALLS_ACTIVE, metrics.STREAMS_ACTIVE, metrics.RUNS_ACTIVE)
        assert [product.counts.reading(gauge) for gauge in gauges] == [{(): 1}] * 3
        await waiting
        for _ in range(100):
            if not any(product.counts.reading(gauge)[()] for gauge in gauges):
                break
            await asyncio.sleep(0.01)
        assert [product.counts.reading(gauge) for gauge in gauges] == [{(): 0}] * 3


async def test_an_abstention_says_how_relevant_the_best_passage_was(serve: Serve, events: Events) -> None:
    async with serve(policy=lambda policy: replace(policy, min_relevance=1.0)) as product:
        await ingest(product, LAMBDAS)
        await answer(product, question("What do generators create?"))
        (event,) = await events.appear(1, ANSWER)
    assert (event["outcome"], event["cause"], event["found"]) == ("Abstained", "INSUFFICIENT_EVIDENCE", 1)
    assert 0 < event["best_relevance"] < 1
    assert "passages" not in event


async def test_a_reader_that_leaves_with_its_outcome_has_it_in_the_event(
    product: Product, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = StreamSink._write

    async def holds_the_end_up(sink: StreamSink, message: answer_service_pb2.StreamAnswerResponse) -> None:
        await write(sink, message)
        if message.WhichOneof("event") == "outcome":
            await asyncio.Event().wait()

    monkeypatch.setattr(StreamSink, "_write", holds_the_end_up)
    request = answer_service_pb2.StreamAnswerRequest(question=question())
    call = product.answers.StreamAnswer(request, metadata=ACME, timeout=30)
    async for each in call:
        if each.WhichOneof("event") == "outcome":
            call.cancel()
            break
    (event,) = await events.appear(1, STREAM)
    assert (event["status"], event.get("outcome")) == ("CANCELLED", "Answered")
    assert product.counts.of(metrics.ANSWERS, "default", "Answered") == 1

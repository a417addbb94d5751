"""What callers saw, the decision log, the traces and the metrics tell the same, whatever happens to the calls."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.duration_pb2 import Duration
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.trace import SpanKind
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from groundwire.v1 import (
    answer_service_pb2,
    cause_pb2,
    document_service_pb2,
    event_pb2,
    outcome_pb2,
    retrieval_service_pb2,
)
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub
from groundwire_server.app.telemetry.spans import LeanTracer, RecordedSpan
from tests.doubles.upstream import Beat, Pause, Reply, Reset, Stall, Upstream, upstream
from tests.e2e.calls import ACME, ingest, question
from tests.e2e.canaries.observed import Observed, Seen, observed
from tests.e2e.generation.conftest import model, two_models
from tests.e2e.generation.drafts import DOCUMENTS, answers, chunk, writes
from tests.e2e.generation.test_faults import BEGUN, error

CALLS = 1500
AT_ONCE = 16
NEVER = {"min_calls": 10_000}
MODES = (
    event_pb2.STREAM_MODE_UNSPECIFIED,
    event_pb2.STREAM_MODE_CHECKED,
    event_pb2.STREAM_MODE_PROVISIONAL,
)
MISSED = {"CANCELLED": {"OK"}, "DEADLINE_EXCEEDED": {"OK", "CANCELLED"}}
"""How a call may have ended at the server whose caller left, or had no time any more: a deadline ends earlier at the
caller than at the server by the time that the call was on its way, and what the server sees then is a cancel."""
REPLIES = [
    *[answers()] * 6,
    Reply([Pause(0.02), *answers().body]),
    Reply([*answers().body[:2], Pause(0.05), *answers().body[2:]]),
    error("500 Internal Server Error"),
    error("429 Too Many Requests", "rate_limit_exceeded", Retry_After_Ms="5"),
    error("401 Unauthorized"),
    Reply([*BEGUN, Reset()]),
    Reply([Beat(), Reset()]),
    Reply([Stall()]),
    Reply(writes("Sure!")),
    Reply(writes()),
    Reply([chunk(refusal="No."), chunk(reason="stop")]),
]


@dataclass
class Call:
    """A call as its caller saw it."""

    method: str
    status: str
    trace_id: str
    outcome: outcome_pb2.Outcome | None = None


@dataclass
class Callers:
    """Make calls of every kind, at random, and keep how they ended."""

    product: Observed
    random: Random
    begun: list[RecordedSpan]
    calls: list[Call] = field(default_factory=list)
    _made: int = 0
    _trace: int = 0

    async def run(self, times: int) -> None:
        kinds: list[Callable[[], Awaitable[None]]] = [
            self.answers, self.answers, self.streams, self.streams, self.joins, self.leaves, self.leaves_unary,
            self.resumes, self.abandons, self.cancels, self.is_late, self.is_rejected, self.searches,
        ]  # fmt: skip
        for _ in range(times):
            await self.random.choice(kinds)()

    async def answers(self, **more: Any) -> None:
        request = answer_service_pb2.AnswerRequest(question=question(), **more)
        await self._ended(
            "AnswerService/Answer", self.product.answers.Answer(request, metadata=self._metadata(), timeout=20)
        )

    async def streams(self, seconds: float = 20.0, **more: Any) -> None:
        request = answer_service_pb2.StreamAnswerRequest(question=question(), mode=self.random.choice(MODES), **more)
        call = self.product.answers.StreamAnswer(request, metadata=self._metadata(), timeout=seconds)
        await self._ended("AnswerService/StreamAnswer", call)

    async def joins(self) -> None:
        name = self._name()
        await asyncio.gather(*(self.answers(request_id=name) for _ in range(self.random.randint(2, 4))))

    async def leaves(self, **more: Any) -> None:
        request = answer_service_pb2.StreamAnswerRequest(question=question(), **more)
        call = self.product.answers.StreamAnswer(request, metadata=self._metadata(), timeout=20)
        await self._ended("AnswerService/StreamAnswer", call, leaves_after=self.random.randint(1, 4))

    async def leaves_unary(self) -> None:
        name = self._name() if self.random.random() < 0.5 else ""
        request = answer_service_pb2.AnswerRequest(question=question(), request_id=name)
        call = self.product.answers.Answer(request, metadata=self._metadata(), timeout=20)
        waiting = asyncio.ensure_future(self._ended("AnswerService/Answer", call))
        trace = self._trace
        while not any(span.context.trace_id == trace for span in self.begun[-500:] if span.context):  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(0.001)
        await asyncio.sleep(self.random.choice([0.0, 0.02, 0.05]))
        call.cancel()
        await waiting

    async def resumes(self) -> None:
        name, window = self._name(), Duration(nanos=300_000_000)
        await self.leaves(request_id=name, resume_window=window)
        await self.streams(request_id=name, resume_window=window, after_sequence=self.random.randint(0, 2))

    async def abandons(self) -> None:
        await self.leaves(request_id=self._name(), resume_window=Duration(nanos=200_000_000))

    async def cancels(self) -> None:
        name = self._name()
        answering = asyncio.ensure_future(self.answers(request_id=name))
        await asyncio.sleep(self.random.choice([0.0, 0.01, 0.03]))
        request = answer_service_pb2.CancelAnswerRequest(request_id=name)
        call = self.product.answers.CancelAnswer(request, metadata=self._metadata(), timeout=20)
        await self._ended("AnswerService/CancelAnswer", call)
        await answering

    async def is_late(self) -> None:
        await self.streams(seconds=self.random.choice([0.15, 0.3]))

    async def is_rejected(self) -> None:
        await self.streams(request_id=self._name(), after_sequence=0)
        await self.answers(request_id="!")

    async def searches(self) -> None:
        request = retrieval_service_pb2.RetrieveRequest(text="lambda expressions")
        stub = RetrievalServiceStub(self.product.channel)
        await self._ended("RetrievalService/Retrieve", stub.Retrieve(request, metadata=self._metadata(), timeout=20))
        document = document_service_pb2.GetDocumentRequest(document_id=self.random.choice(["lambdas", "nothing"]))
        call = self.product.documents.GetDocument(document, metadata=self._metadata(), timeout=20)
        await self._ended("DocumentService/GetDocument", call)

    async def _ended(self, method: str, call: Any, leaves_after: int | None = None) -> None:
        outcome: outcome_pb2.Outcome | None = None
        trace = f"{self._trace:032x}"
        try:
            if isinstance(call, grpc.aio.UnaryUnaryCall):
                response = await call
                outcome = getattr(response, "outcome", None)
            else:
                read = 0
                async for event in call:
                    read += 1
                    if read == leaves_after:
                        call.cancel()
                        break
                    if event.WhichOneof("event") == "outcome":
                        outcome = event.outcome
        except grpc.aio.AioRpcError:
            pass
        except asyncio.CancelledError:
            if not call.cancelled():
                raise
        code = await call.code()
        self.calls.append(Call(f"groundwire.v1.{method}", code.name, trace, outcome))

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        """The metadata of a call that is part of a trace of its own."""
        self._trace = self.random.getrandbits(127) + 1
        return (*ACME, ("traceparent", f"00-{self._trace:032x}-00000000000000a1-01"))

    def _name(self) -> str:
        self._made += 1
        return f"run-{self.random.getrandbits(40)}-{self._made:06}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_callers_log_traces_and_metrics_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    random, seen = Random(seed), Seen()
    begun: list[RecordedSpan] = []
    start = LeanTracer.start_span

    def starting(*args: Any, **kwargs: Any) -> Any:
        span = start(*args, **kwargs)
        assert isinstance(span, RecordedSpan)
        begun.append(span)
        return span

    monkeypatch.setattr(LeanTracer, "start_span", starting)
    replies = [random.choice(REPLIES) for _ in range(20 * CALLS)]
    async with upstream(*replies) as first, upstream(*replies[::-1]) as second:
        price = {"input": 3, "output": 15}
        bounds = {"first_token_seconds": 0.1}
        sections = two_models(first, second, price=price, bounds=bounds, breaker=NEVER)
        sections["models"]["small"] = model("house", breaker=NEVER, bounds=bounds, price=price)
        sections["concurrency"] = {"max_concurrent": 12, "queue_size": 4}
        async with observed(tmp_path, sections, seen) as product:
            await ingest(product, *DOCUMENTS)
            callers = [Callers(product, Random(f"{seed} {number}"), begun) for number in range(AT_ONCE)]
            await asyncio.gather(*(each.run(CALLS // AT_ONCE) for each in callers))
            page = await _at_rest(product, first, second)
            kept = first.open + second.open
    arrived = {f"{span.context.trace_id:032x}" for span in begun if span.kind is SpanKind.SERVER and span.context}
    # One that had no time left before it arrived is known to its caller alone.
    calls = [
        call
        for each in callers
        for call in each.calls
        if call.status != "DEADLINE_EXCEEDED" or call.trace_id in arrived
    ]
    spans = [span for span in product.taken.spans if span.kind == Span.SPAN_KIND_SERVER]
    assert [span.name for span in begun if span.is_recording()] == []
    differences = _differences(calls, seen, spans, page)
    assert _connections(page) == Counter(active=0, idle=kept)
    assert differences == []


def _differences(
    calls: list[Call], seen: Seen, spans: list[Span], page: dict[str, Counter[tuple[str, ...]]]
) -> list[str]:
    found = []
    events = [event for event in seen.events if not event.get("abandoned") and "IngestDocuments" not in event["method"]]
    abandoned = [event for event in seen.events if event.get("abandoned")]

    def same(about: str, one: object, other: object) -> None:
        if one != other:
            found.append(f"{about}: {one} and {other}")

    same("calls by method", Counter(call.method for call in calls), Counter(event["method"] for event in events))
    traces = Counter(event["trace_id"] for event in events)
    same("events of a trace", [trace for trace, count in traces.items() if count != 1], [])
    same("whether runs were abandoned", bool(abandoned), True)
    same("runs abandoned twice", [t for t, n in Counter(e["trace_id"] for e in abandoned).items() if n != 1], [])

    of_trace = {event["trace_id"]: event for event in events}
    for call in calls:
        event = of_trace.get(call.trace_id)
        if event is None:
            found.append(f"no event of {call}")
            continue
        if call.outcome is not None:
            same(f"outcome of {call.method} {call.status} {event}", _outcome(call.outcome), _of(event))
        # One who leaves, or whose time is over, may miss the end of a call that has just ended.
        same(
            f"status of {call.method} {call.status} {event}",
            event["status"] in {call.status, *MISSED.get(call.status, ())},
            True,
        )

    of_span = defaultdict(list)
    for span in spans:
        of_span[span.trace_id.hex()].append({each.key: each.value.string_value for each in span.attributes})
    for trace, event in of_trace.items():
        if len(of_span[trace]) != 1:
            found.append(f"{len(of_span[trace])} SERVER spans of {trace}")
            continue
        (attributes,) = of_span[trace]
        same(f"outcome of {trace} in its span", attributes.get("groundwire.outcome"), event.get("outcome"))
        same(f"status of {trace} in its span", attributes.get("rpc.response.status_code"), event["status"])

    answered = Counter((*reversed(_of(event)), "default") for event in events if "outcome" in event)
    same("answers", page["groundwire_answers_total"], answered)
    durations = Counter((event["method"], event["status"]) for event in events)
    same("durations", page["rpc_server_call_duration_seconds_count"], durations)
    same("tokens", page["groundwire_tokens_total"].total(), sum(_tokens([*events, *abandoned]).values()))
    for gauge in ("calls_active", "streams_active", "runs_active", "slots_used", "slots_waiting"):
        same(gauge, sum(page[f"groundwire_{gauge}"].values()), 0)
    return found


def _tokens(events: list[dict[str, Any]]) -> dict[str, int]:
    """The tokens of each run: several events may tell of one, those of calls that left early of a part of it."""
    runs: dict[str, int] = {}
    for event in events:
        run = event.get("run_trace_id", event["trace_id"])
        used = sum(each["input_tokens"] + each["output_tokens"] for each in event.get("usage", ()))
        runs[run] = max(used, runs.get(run, 0))
    return runs


def _outcome(outcome: outcome_pb2.Outcome) -> tuple[str, str, str]:
    result = str(outcome.WhichOneof("result")).title().replace("_", "")
    cause = cause_pb2.Cause.Name(outcome.cause).removeprefix("CAUSE_")
    return result, cause, outcome_pb2.Action.Name(outcome.action).removeprefix("ACTION_")


def _of(event: dict[str, Any]) -> tuple[str, str, str]:
    return event.get("outcome", ""), event.get("cause", ""), event.get("action", "")


async def _at_rest(product: Observed, *providers: Upstream) -> dict[str, Counter[tuple[str, ...]]]:
    """The metrics, once no run is in flight any more, and providers have seen the end of what was closed."""
    for _ in range(300):
        page = _page(product)
        running = any(page[f"groundwire_{each}_active"].total() for each in ("calls", "runs", "streams"))
        if not running and _connections(page) == Counter(active=0, idle=sum(each.open for each in providers)):
            return page
        await asyncio.sleep(0.02)
    return _page(product)


def _connections(page: dict[str, Counter[tuple[str, ...]]]) -> Counter[str]:
    """The connections to all providers, by their state."""
    found = Counter(active=0, idle=0)
    for (_, state, *_), count in page["http_client_open_connections"].items():
        found[state] += count
    return found


def _page(product: Observed) -> dict[str, Counter[tuple[str, ...]]]:
    page: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    left_out = ("rpc_system_name", "error_type")
    for family in text_string_to_metric_families(generate_latest(product.server.telemetry.metrics.registry).decode()):
        for sample in family.samples:
            labels = tuple(value for name, value in sample.labels.items() if name not in left_out)
            if "IngestDocuments" not in str(labels):
                page[sample.name][labels] += int(sample.value)
    return page

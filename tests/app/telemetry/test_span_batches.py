"""The queue of ended spans: exported in batches, bounded, and never waited for."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from groundwire_server.app.telemetry.delivery import Backlog, Delivery, DeliveryLog
from groundwire_server.app.telemetry.drops import INVALID, QUEUE_FULL, SHUTDOWN, DropTotals
from groundwire_server.app.telemetry.otlp import Export, OtlpSpanExporter
from groundwire_server.app.telemetry.receivers import Signal
from groundwire_server.app.telemetry.span_batches import SpanBatches
from groundwire_server.app.telemetry.spans import LeanTracer
from tests.doubles.counts import Counts

NEVER = 3600.0


class Exporter(SpanExporter):
    """Keeps the names of spans, batch by batch; each batch waits until it is let go."""

    def __init__(self, backlog: Backlog) -> None:
        self.batches: list[list[str]] = []
        self.took = threading.Semaphore(0)
        self.go = threading.Semaphore(1000)
        self.closed = False
        self._backlog = backlog

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._backlog.leave(len(spans))
        self.batches.append([span.name for span in spans])
        self.took.release()
        self.go.acquire()
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self.closed = True


class Under:
    """Batches with what takes them."""

    def __init__(self, limit: int, size: int, seconds: float) -> None:
        self.drops = DropTotals(Counts())
        self.backlog = Backlog(limit, DeliveryLog(Signal.TRACES, "collector:4317", self.drops))
        self.exporter = Exporter(self.backlog)
        self.batches = SpanBatches(self.exporter, self.backlog, size, seconds)
        self._tracer = LeanTracer(Resource({}), InstrumentationScope("tested"), self.batches)

    def end(self, *names: object) -> None:
        for name in names:
            self._tracer.start_span(str(name)).end()

    def dropped(self) -> dict[str, int]:
        return {reason: items for (_, reason), items in self.drops.totals.items()}


@contextmanager
def under(limit: int = 100, size: int = 2, seconds: float = NEVER) -> Iterator[Under]:
    made = Under(limit, size, seconds)
    try:
        yield made
    finally:
        made.exporter.go.release(1000)
        made.batches.shutdown()


def test_a_full_batch_is_exported_at_once_and_the_rest_waits() -> None:
    with under() as at:
        at.end(1, 2, 3)
        at.exporter.took.acquire()
        assert at.exporter.batches == [["1", "2"]]
    assert at.exporter.batches == [["1", "2"], ["3"]]


def test_spans_that_fill_no_batch_are_exported_after_a_while() -> None:
    with under(seconds=0.001) as at:
        at.end(1)
        at.exporter.took.acquire()
        at.end(2)
        at.exporter.took.acquire()
        assert at.exporter.batches == [["1"], ["2"]]


def test_a_receiver_that_hangs_holds_nobody_up_and_what_exceeds_the_queue_is_counted() -> None:
    with under(limit=3) as at:
        at.exporter.go = threading.Semaphore(0)
        at.end(1, 2)
        at.exporter.took.acquire()
        at.end(*range(10))
        assert at.dropped() == {QUEUE_FULL: 7}
    assert at.exporter.batches == [["1", "2"], ["0", "1"], ["2"]]


def test_what_ends_while_a_batch_is_delivered_is_exported_next() -> None:
    with under() as at:
        at.exporter.go = threading.Semaphore(0)
        at.end(1, 2)
        at.exporter.took.acquire()
        at.end(3, 4)
        at.exporter.go.release()
        at.exporter.took.acquire()
        assert at.exporter.batches == [["1", "2"], ["3", "4"]]


def test_flushing_exports_all_that_waits_in_batches() -> None:
    with under(size=4) as at:
        at.end(1, 2, 3)
        assert at.batches.force_flush()
        assert at.exporter.batches == [["1", "2", "3"]]


def test_the_end_exports_what_is_left_and_counts_what_comes_later() -> None:
    with under() as at:
        at.end(1)
        at.batches.shutdown()
        assert (at.exporter.batches, at.exporter.closed) == ([["1"]], True)
        at.end(2)
        at.backlog.close()
        assert at.dropped() == {SHUTDOWN: 1}


class Taking:
    """A sender that keeps what it is given."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []

    def send(self, request: bytes) -> bytes:
        self.requests.append(request)
        return b""

    def close(self) -> None:
        """Keep nothing open."""


@pytest.mark.parametrize("name", ["half of a character \ud83d", "\udcff"])
def test_a_text_that_no_message_can_hold_costs_its_batch_alone(name: str) -> None:
    drops, sender = DropTotals(Counts()), Taking()
    log = DeliveryLog(Signal.TRACES, "collector:4317", drops)
    way = Export(Delivery(sender, log, lambda _: (0, "")), Backlog(100, log))
    batches = SpanBatches(OtlpSpanExporter(way), way.backlog, 1, NEVER)
    tracer = LeanTracer(Resource({}), InstrumentationScope("tested"), batches)
    tracer.start_span("chat", attributes={"gen_ai.response.model": name}).end()
    batches.force_flush()
    tracer.start_span("chat", attributes={"gen_ai.response.model": "qwen"}).end()
    batches.shutdown()
    assert drops.totals == {(Signal.TRACES, INVALID): 1}
    assert [b"qwen" in request for request in sender.requests] == [True]

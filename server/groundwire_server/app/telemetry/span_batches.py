"""Ended spans on their way to the exporter, in batches, from a thread of its own."""

import threading
from collections import deque

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter

from groundwire_server.app.telemetry.delivery import Backlog


class SpanBatches(SpanProcessor):
    """A queue of ended spans, which never waits.

    The SDK's own makes a system call for each span, to notice a fork; this server never forks.

    Args:
        exporter: delivers a batch, and blocks meanwhile.
        backlog: bounds the queue.
        size: how many spans a batch has at most.
        seconds: after which spans are exported that are fewer.
    """

    def __init__(self, exporter: SpanExporter, backlog: Backlog, size: int, seconds: float) -> None:
        self._exporter = exporter
        self._backlog = backlog
        self._size = size
        self._seconds = seconds
        self._waiting: deque[ReadableSpan] = deque()
        self._due = threading.Event()
        self._exporting = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="spans", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return f"<SpanBatches: {len(self._waiting)} spans wait>"

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Do nothing."""

    def on_end(self, span: ReadableSpan) -> None:
        """Queue a span, or drop and count it."""
        if self._backlog.enter():
            self._waiting.append(span)
            if len(self._waiting) >= self._size and not self._due.is_set():
                self._due.set()

    def shutdown(self) -> None:
        """Export what is left, and end. Blocks."""
        self._ended = True
        self._due.set()
        self._thread.join()
        self.force_flush()
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Export all that waits. Blocks."""
        while self._waiting:
            self._export(1)
        return True

    def _run(self) -> None:
        while not self._ended:
            full = self._due.wait(self._seconds)
            self._due.clear()
            self._export(self._size if full else 1)

    def _export(self, least: int) -> None:
        """Export a batch if so many spans wait, and further ones while they are full."""
        with self._exporting:
            while len(self._waiting) >= least:
                batch = [self._waiting.popleft() for _ in range(min(self._size, len(self._waiting)))]
                self._exporter.export(batch)
                least = self._size

"""Spans kept in memory."""

import asyncio
from collections.abc import Sequence

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Tracer

from groundwire_server.app.telemetry.spans import LeanTracer
from groundwire_server.ports.recording import Recording
from tests.doubles.counts import Counts


class Spans:
    """A tracer whose finished spans can be looked at."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        processor = SimpleSpanProcessor(self._exporter)
        self.counts = Counts()
        self.tracer: Tracer = LeanTracer(Resource({}), InstrumentationScope("test"), processor)

    @property
    def recording(self) -> Recording:
        """The tracer, with metrics that can be looked at."""
        return Recording(self.tracer, self.counts)

    def attributes(self, name: str) -> dict[str, object]:
        """Those of the one span of that name."""
        (span,) = [span for span in self._exporter.get_finished_spans() if span.name == name]
        return dict(span.attributes or {})

    def each(self, name: str) -> list[dict[str, object]]:
        """Those of every span of that name, in the order in which they ended."""
        return [dict(span.attributes or {}) for span in self._exporter.get_finished_spans() if span.name == name]

    def events(self, name: str) -> list[dict[str, object]]:
        """The attributes of the events of the spans of that name, in order."""
        found = [span for span in self._exporter.get_finished_spans() if span.name == name]
        return [dict(event.attributes or {}) for span in found for event in span.events]

    @property
    def finished(self) -> Sequence[ReadableSpan]:
        return self._exporter.get_finished_spans()

    @property
    def names(self) -> list[str]:
        return [span.name for span in self._exporter.get_finished_spans()]

    async def ended(self, name: str, times: int = 1) -> None:
        """Wait until so many spans of that name have ended."""
        while self.names.count(name) < times:  # noqa: ASYNC110  # nobody is told when a span ends
            await asyncio.sleep(0.001)

    def everything(self) -> str:
        """All that was recorded, as text to look for what must not be there."""
        return "\n".join(span.to_json() for span in self._exporter.get_finished_spans())

    def clear(self) -> None:
        self._exporter.clear()

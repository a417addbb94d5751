"""Spans of an embedder that runs in this process, as those of providers have them."""

from collections.abc import Sequence

from opentelemetry.trace import SpanKind

from groundwire_server.adapters.resilience.instrumentation import Attributes, Instrumentation
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.requester import NOBODY, Requester
from groundwire_server.domain.residency import Residency
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.recording import Recording
from groundwire_server.telemetry import metrics, names

_PROVIDER = "local"


class InstrumentedEmbedder:
    """An Embedder whose calls have a span.

    Args:
        inner: does the work.
        recording: takes spans and metrics.
    """

    def __init__(self, inner: Embedder, recording: Recording) -> None:
        self._inner = inner
        attributes: Attributes = {
            names.GEN_AI_OPERATION: names.GEN_AI_EMBEDDINGS,
            names.GEN_AI_PROVIDER: _PROVIDER,
            names.GEN_AI_MODEL: inner.model,
            names.GEN_AI_DIMENSIONS: inner.dimensions,
            names.RESIDENCY: Residency.SELF_HOSTED.value,
        }
        self._instrumentation = Instrumentation(
            recording,
            f"{names.GEN_AI_EMBEDDINGS} {inner.model}",
            attributes,
            metrics.MODEL_DURATION,
            Cause.EMBEDDER_UNAVAILABLE,
            SpanKind.INTERNAL,
        )

    @property
    def model(self) -> str:
        """The inner embedder's model."""
        return self._inner.model

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return self._inner.dimensions

    def known(self, text: str) -> float:
        """Return the share of a text that the inner embedder knows."""
        return self._inner.known(text)

    def fill(self, text: str) -> float:
        """Return how much of what the inner embedder reads a text takes."""
        return self._inner.fill(text)

    async def embed(self, texts: Sequence[str], deadline: Deadline, requester: Requester = NOBODY) -> Sequence[Vector]:
        """Return one unit vector a text; see the inner embedder."""
        with self._instrumentation.span({}, deadline):
            return await self._inner.embed(texts, deadline, requester)

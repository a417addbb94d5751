"""An embedding model behind the double of its provider."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from random import Random

from groundwire_server.adapters.embedder.openai.embedder import OpenAiEmbedder
from groundwire_server.adapters.embedder.openai.faults import EmbedderFailure
from groundwire_server.adapters.embedder.openai.options import EmbeddingOptions
from groundwire_server.adapters.http.fair_limiter import FairLimiter
from groundwire_server.adapters.http.options import Bounds, Endpoint
from groundwire_server.adapters.http.provider import Provider
from groundwire_server.adapters.http.retries import RetryOptions
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.deadline import Deadline
from tests.doubles.embeddings import DIMENSIONS
from tests.doubles.spans import Spans
from tests.doubles.upstream import Reply, Upstream, upstream

KEY = "sk-SECRET-KEY"
OPTIONS = EmbeddingOptions(
    "bge-test",
    DIMENSIONS,
    headers={"Authorization": f"Bearer {KEY}"},
    bounds=Bounds(first_token_seconds=5.0, silence_seconds=5.0),
    retry=RetryOptions(base_seconds=0.001),
)


@dataclass(frozen=True, slots=True)
class Wired:
    """An embedder with what stands behind it."""

    embedder: OpenAiEmbedder
    upstream: Upstream
    provider: Provider
    spans: Spans = field(default_factory=Spans)

    async def fail(self, *texts: str, deadline: Deadline | None = None) -> EmbedderFailure:
        """What a call of these texts fails with."""
        try:
            await self.embedder.embed(texts or ["SECRET-TEXT"], deadline or soon(5.0))
        except EmbedderFailure as failure:
            return failure
        raise AssertionError


@asynccontextmanager
async def wired(
    *replies: Reply,
    options: EmbeddingOptions = OPTIONS,
    slots: tuple[FairLimiter, ...] = (),
    trace_context: bool = True,
    once: bool = False,
) -> AsyncIterator[Wired]:
    """An embedder whose provider answers with the replies.

    Args:
        replies: of the provider.
        options: of the model.
        slots: the provider's turns.
        trace_context: whether requests carry it.
        once: whether nothing is asked again.
    """
    spans = Spans()
    async with upstream(*replies) as double:
        endpoint = Endpoint("house", f"http://127.0.0.1:{double.port}/v1", trace_context=trace_context)
        async with Provider(endpoint, SystemClock(), spans.tracer, Random(1)) as provider:
            used = replace(options, retry=RetryOptions(attempts=1)) if once else options
            yield Wired(OpenAiEmbedder(provider, used, slots), double, provider, spans)


def soon(seconds: float) -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + seconds)

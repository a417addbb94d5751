"""An embedding model behind the double of its provider."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

from groundwire_server.adapters.embedder.faults import EmbedderFailure
from groundwire_server.adapters.embedder.openai.client import OpenAiEmbeddingClient
from groundwire_server.adapters.embedder.openai.options import OpenAiEmbeddingOptions
from groundwire_server.adapters.embedder.protected import ProtectedEmbedder
from groundwire_server.adapters.http.options import DocumentBounds, Endpoint
from groundwire_server.adapters.providers.profiles import ProviderProfile
from groundwire_server.adapters.providers.provider import Provider
from groundwire_server.adapters.resilience.circuit import CircuitOptions
from groundwire_server.adapters.resilience.fair_limiter import FairLimiter
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.adapters.resilience.retry_budget import RetryBudgetOptions
from groundwire_server.app.parts.models import protected_embedder
from groundwire_server.domain.deadline import Deadline
from groundwire_server.options.secret import Secret
from tests.doubles.embeddings import DIMENSIONS
from tests.doubles.spans import Spans
from tests.doubles.time import LoopTime
from tests.doubles.upstream import Reply, Upstream, upstream

KEY = "sk-SECRET-KEY"
OPTIONS = OpenAiEmbeddingOptions(model="bge-test", dimensions=DIMENSIONS, bounds=DocumentBounds(request_seconds=5.0))
PROFILE = ProviderProfile()
QUICK = RetryOptions(base_seconds=0.001)
ONCE = RetryOptions(max_attempts=1)


def options(**changes: object) -> OpenAiEmbeddingOptions:
    """The options of the model, with changes."""
    return OpenAiEmbeddingOptions.model_validate({**dict(OPTIONS), **changes})


@dataclass(frozen=True, slots=True)
class Wired:
    """An embedder with what stands behind it."""

    embedder: ProtectedEmbedder
    client: OpenAiEmbeddingClient
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
    model: OpenAiEmbeddingOptions = OPTIONS,
    profile: ProviderProfile = PROFILE,
    retry: RetryOptions = QUICK,
    api_version: str | None = None,
    limiters: Sequence[FairLimiter] = (),
    trace_context: bool = True,
) -> AsyncIterator[Wired]:
    """An embedder whose provider answers with the replies.

    Args:
        replies: of the provider.
        model: the options of the model.
        profile: what the provider expects.
        retry: how a failed request is retried.
        api_version: of the provider.
        limiters: of the provider.
        trace_context: whether requests carry it.
    """
    spans = Spans()
    async with upstream(*replies) as double:
        endpoint = Endpoint(base_url=f"http://127.0.0.1:{double.port}/v1", trace_context=trace_context)
        clock, budget = LoopTime(), RetryBudgetOptions()
        async with Provider("house", endpoint, clock, spans.recording, Random(1), budget, limiters) as provider:
            client = OpenAiEmbeddingClient(
                provider.session, model, profile, Secret("env://PROVIDER_KEY", KEY), api_version
            )
            embedder = protected_embedder(provider, client, model, retry, CircuitOptions())
            yield Wired(embedder, client, double, provider, spans)


def soon(seconds: float) -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + seconds)

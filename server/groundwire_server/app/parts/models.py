"""Models of providers, those that write and those that embed."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from groundwire_server.adapters.embedder.caching import CachingEmbedder
from groundwire_server.adapters.embedder.masking import MaskingEmbedder
from groundwire_server.adapters.embedder.openai.client import OpenAiEmbeddingClient
from groundwire_server.adapters.embedder.openai.options import OpenAiEmbeddingOptions
from groundwire_server.adapters.embedder.protected import ProtectedEmbedder
from groundwire_server.adapters.generator.anthropic import AnthropicDialect
from groundwire_server.adapters.generator.http.dialect import Dialect
from groundwire_server.adapters.generator.http.generator import HttpGenerator
from groundwire_server.adapters.generator.http.options import ModelBounds
from groundwire_server.adapters.generator.masking import MaskingGenerator
from groundwire_server.adapters.generator.openai import OpenAiDialect
from groundwire_server.adapters.generator.protected import ProtectedGenerator
from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.adapters.providers.provider import Provider
from groundwire_server.adapters.providers.scheduling import SchedulingHeaders
from groundwire_server.adapters.resilience.circuit import CircuitOptions
from groundwire_server.adapters.resilience.fair_limiter import FairLimiter
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.embedders import OpenAiEmbedderConfig
from groundwire_server.app.configuration.models.generators import AnthropicModelConfig, OpenAiModelConfig
from groundwire_server.app.configuration.models.providers import ProviderConfig
from groundwire_server.app.parts.limiters import open_limiters
from groundwire_server.app.parts.masking import open_masker
from groundwire_server.app.parts.providers import open_provider, profile_of
from groundwire_server.app.parts.shared import Lease
from groundwire_server.app.parts.tokens import open_counter
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.generator import Generator
from groundwire_server.ports.recording import Recording
from groundwire_server.ports.tokens import ESTIMATED_TOKENS, ModelTokens
from groundwire_server.telemetry import names


async def open_model(
    section: OpenAiModelConfig | AnthropicModelConfig,
    configuration: Configuration,
    of_all_models: Sequence[FairLimiter],
    lease: Lease,
    recording: Recording,
) -> ProtectedGenerator:
    """Return the model that a section describes, with its provider's connections and the slots of all models together.

    Raises:
        OSError: when a file that the provider needs cannot be read.
    """
    provider_section = configuration.providers[section.provider]
    provider = await open_provider(section.provider, provider_section, lease, recording)
    own = await open_limiters(
        f"{section.provider}/{section.model}",
        (section.provider, provider_section, section.model),
        section.concurrency,
        lease,
        recording.metrics,
    )
    return protected_model(
        provider,
        dialect_of(section, provider_section),
        section.bounds,
        section.retry,
        section.breaker,
        SchedulingHeaders(provider_section.scheduling),
        masker=await open_masker(provider_section.mask, configuration, lease),
        own_limiters=own,
        outer_limiters=of_all_models,
        tokens=ModelTokens(await open_counter(section, lease)),
    )


async def open_embedding_model(
    section: OpenAiEmbedderConfig, configuration: Configuration, lease: Lease, recording: Recording
) -> Embedder:
    """Return the embedder that a section describes, with its provider's connections and slots.

    Raises:
        OSError: when a file that the provider needs cannot be read.
    """
    provider_section = configuration.providers[section.provider]
    provider = await open_provider(section.provider, provider_section, lease, recording)
    profile, version = profile_of(provider_section)
    masker = await open_masker(provider_section.mask, configuration, lease)

    def made() -> AbstractAsyncContextManager[Embedder]:
        client = OpenAiEmbeddingClient(provider.session, section, profile, provider_section.api_key, version)
        embedder: Embedder = protected_embedder(provider, client, section, section.retry, section.breaker)
        if masker is not None:
            embedder = MaskingEmbedder(embedder, masker)
        return nullcontext(CachingEmbedder(embedder, section.cache_size))

    return await lease.take(("embedder", section, provider_section, masker), made)


def protected_model(
    provider: Provider,
    dialect: Dialect,
    bounds: ModelBounds,
    retry: RetryOptions,
    circuit: CircuitOptions,
    scheduling: SchedulingHeaders | None = None,
    *,
    masker: Masker | None = None,
    own_limiters: Sequence[FairLimiter] = (),
    outer_limiters: Sequence[FairLimiter] = (),
    tokens: ModelTokens = ESTIMATED_TOKENS,
) -> ProtectedGenerator:
    """Return a model of a provider with all that surrounds its calls."""
    policy = provider.call_policy(
        names.GEN_AI_CHAT,
        dialect.model,
        retry,
        circuit,
        own_limiters=own_limiters,
        outer_limiters=outer_limiters,
    )
    generator: Generator = HttpGenerator(provider.session, dialect, bounds, scheduling, tokens)
    if masker is not None:
        generator = MaskingGenerator(generator, masker)
    return ProtectedGenerator(generator, policy, bounds.first_token_seconds, whole_documents=dialect.whole_documents)


def protected_embedder(
    provider: Provider,
    client: OpenAiEmbeddingClient,
    options: OpenAiEmbeddingOptions,
    retry: RetryOptions,
    circuit: CircuitOptions,
) -> ProtectedEmbedder:
    """Return an embedding model of a provider with all that surrounds its calls."""
    attributes: dict[str, int | tuple[str, ...]] = {names.GEN_AI_DIMENSIONS: options.dimensions}
    if client.encoding is not None:
        attributes[names.GEN_AI_ENCODINGS] = (client.encoding,)
    policy = provider.call_policy(names.GEN_AI_EMBEDDINGS, options.model, retry, circuit, attributes=attributes)
    name = f"{provider.session.provider}/{options.model}"
    return ProtectedEmbedder(client, policy, name, options.dimensions, options.batch, options.bounds.request_seconds)


def dialect_of(section: OpenAiModelConfig | AnthropicModelConfig, provider: ProviderConfig) -> Dialect:
    """Return how a model is spoken to."""
    if isinstance(section, AnthropicModelConfig):
        return AnthropicDialect(section, provider.api_key)
    profile, version = profile_of(provider)
    priorities = provider.scheduling.priority
    return OpenAiDialect(section, profile, provider.api_key, version, priorities=priorities)

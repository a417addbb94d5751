"""Models of providers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opentelemetry.trace import Tracer

from groundwire_server.adapters.generator.limiting import ConcurrencyLimitedGenerator
from groundwire_server.adapters.http.fair_limiter import FairLimiter
from groundwire_server.app.configuration.models.generators import AnthropicModel, OpenAiModel
from groundwire_server.app.configuration.models.providers import OpenAiProvider, Provider
from groundwire_server.app.parts.providers import open_provider, turns_of
from groundwire_server.app.parts.shared import Lease
from groundwire_server.ports.generator import Generator

if TYPE_CHECKING:
    from groundwire_server.adapters.generator.http.dialect import Dialect
    from groundwire_server.adapters.generator.provider import ModelOptions


async def open_model(
    section: OpenAiModel | AnthropicModel,
    provider: Provider,
    worker: Sequence[FairLimiter],
    lease: Lease,
    tracer: Tracer,
) -> Generator:
    """The model that a section describes, with its provider's connections and the turns of all models together.

    Raises:
        OSError: when a file that the provider needs cannot be read.
    """
    from groundwire_server.adapters.generator.provider import generator_of  # noqa: PLC0415  # as below

    found = await open_provider(section.provider, provider, lease, tracer)
    asked = generator_of(found.provider, dialect(section, provider), _options(section))
    own = await turns_of((section.provider, provider, section.model), section.concurrency, lease)
    # Its own turn first: who waits for one model must not hold up the others of its provider, or of any.
    slots = (*own, *found.slots, *worker)
    return ConcurrencyLimitedGenerator(asked, *slots) if slots else asked


def dialect(section: OpenAiModel | AnthropicModel, provider: Provider) -> "Dialect":
    """How the model is spoken to."""
    # Imported here: a server that asks no provider starts without an HTTP client.
    from groundwire_server.adapters.generator.anthropic import AnthropicDialect, AnthropicOptions  # noqa: PLC0415
    from groundwire_server.adapters.generator.openai import OpenAiDialect, OpenAiOptions  # noqa: PLC0415
    from groundwire_server.adapters.generator.schema import Output  # noqa: PLC0415
    from groundwire_server.adapters.http.options import ApiKey  # noqa: PLC0415

    key = None if provider.api_key is None else ApiKey(provider.api_key.reveal())
    if isinstance(section, AnthropicModel):
        output = Output(section.output)
        return AnthropicDialect(AnthropicOptions(section.model, key, output, section.temperature, section.extra))
    flavour, version = "openai", None
    if isinstance(provider, OpenAiProvider):
        flavour, version = provider.flavour, provider.api_version
    held = None if section.output is None else Output(section.output)
    return OpenAiDialect(OpenAiOptions(section.model, flavour, key, version, held, section.temperature, section.extra))


def _options(section: OpenAiModel | AnthropicModel) -> "ModelOptions":
    from groundwire_server.adapters.generator.provider import ModelOptions  # noqa: PLC0415
    from groundwire_server.adapters.http.circuit import BreakerOptions  # noqa: PLC0415  # as above
    from groundwire_server.adapters.http.options import Bounds  # noqa: PLC0415
    from groundwire_server.adapters.http.retries import RetryOptions  # noqa: PLC0415

    return ModelOptions(
        Bounds(**section.bounds.model_dump()),
        RetryOptions(**section.retry.model_dump()),
        BreakerOptions(**section.breaker.model_dump()),
    )

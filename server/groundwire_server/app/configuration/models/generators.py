"""Models: how each is called, what its calls may take, and what they cost."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, Tag

from groundwire_server.adapters.generator.anthropic import AnthropicOptions
from groundwire_server.adapters.generator.http.options import ModelBounds
from groundwire_server.adapters.generator.openai import OpenAiOptions
from groundwire_server.adapters.resilience.circuit import CircuitOptions
from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.app.configuration.models.section import AtProvider, Name, by_kind
from groundwire_server.domain.price import Price
from groundwire_server.options import Options


class ExtractiveModelConfig(Options):
    """The built-in model: it quotes the sentences that support an answer best; needs no network and no key."""

    kind: Literal["extractive"] = Field("extractive", description="The built-in model, which quotes.")
    store: Name | None = Field(
        None, description="The store, by name, whose embedder and sentence vectors it compares sentences with."
    )


class PricesConfig(Options):
    """Prices of a million tokens, in `spending.currency`."""

    input: float = Field(ge=0, le=1_000_000, description="Input tokens.", examples=[0.4])
    output: float = Field(ge=0, le=1_000_000, description="Output tokens.", examples=[1.6])
    cached: float | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="Input tokens read from the provider's cache; as `input` if unset.",
        examples=[0.1],
    )

    def price(self, currency: str) -> Price:
        """Return the price in a currency."""
        return Price(self.input, self.output, self.input if self.cached is None else self.cached, currency)


class _Protected(Options):
    """What surrounds the calls of a provider's model, and what they cost."""

    bounds: ModelBounds = Field(
        default_factory=ModelBounds, description="Limits of one call, in addition to its deadline."
    )
    retry: RetryOptions = Field(default_factory=RetryOptions, description="How a failed call is retried.")
    breaker: CircuitOptions = Field(
        default_factory=CircuitOptions, description="When calls stop for a while because they keep failing."
    )
    concurrency: ConcurrencyOptions | None = Field(None, description="Calls in flight; unlimited if unset.")
    price: PricesConfig | None = Field(None, description="Prices of a million tokens; cost is not counted if unset.")


class OpenAiModelConfig(_Protected, OpenAiOptions, AtProvider):
    """A model behind chat completions."""

    kind: Literal["openai"] = Field("openai", description="Chat completions.")
    provider: Name = Field(description="The provider, by name.", examples=["openai"])


class AnthropicModelConfig(_Protected, AnthropicOptions, AtProvider):
    """A model behind Messages."""

    kind: Literal["anthropic"] = Field("anthropic", description="Messages.")
    provider: Name = Field(description="The provider, by name.", examples=["anthropic"])


ModelConfig: TypeAlias = Annotated[
    Annotated[ExtractiveModelConfig, Tag("extractive")]
    | Annotated[OpenAiModelConfig, Tag("openai")]
    | Annotated[AnthropicModelConfig, Tag("anthropic")],
    by_kind("extractive"),
]

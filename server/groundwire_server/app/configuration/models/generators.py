"""Models of providers: how each is asked, what its calls may take, and what they cost."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, Tag

from groundwire_server.adapters.generator.anthropic import AnthropicOptions
from groundwire_server.adapters.generator.http.options import ModelBounds
from groundwire_server.adapters.generator.openai import OpenAiOptions
from groundwire_server.adapters.resilience.circuit import CircuitOptions
from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.app.configuration.models.parts import Extractive
from groundwire_server.app.configuration.models.section import Name, Section, by_kind
from groundwire_server.domain.price import Price


class Prices(Section):
    """What a million tokens cost, in `spending.currency`."""

    input: float = Field(ge=0, le=1_000_000, description="That it reads.", examples=[0.4])
    output: float = Field(ge=0, le=1_000_000, description="That it writes.", examples=[1.6])
    cached: float | None = Field(
        None, ge=0, le=1_000_000, description="That it reads from its cache; as `input` if none.", examples=[0.1]
    )

    def price(self, currency: str) -> Price:
        """What the pipeline takes."""
        return Price(self.input, self.output, self.input if self.cached is None else self.cached, currency)


class _Protected(Section):
    """What surrounds the calls of a provider's model, and what they cost."""

    bounds: ModelBounds = Field(
        default_factory=ModelBounds, description="What one call may take, in addition to its deadline."
    )
    retry: RetryOptions = Field(default_factory=RetryOptions, description="How a failed call is retried.")
    breaker: CircuitOptions = Field(
        default_factory=CircuitOptions, description="When calls stop for a while because they keep failing."
    )
    concurrency: ConcurrencyOptions | None = Field(None, description="How many calls at once; unlimited if unset.")
    price: Prices | None = Field(None, description="What a million tokens cost; not counted if unset.")


class _Addressed(Section):
    kind: Literal["openai", "anthropic"] = Field(description="API dialect.")
    provider: Name = Field(description="Who runs it, by its name.")


class OpenAiModel(_Protected, OpenAiOptions, _Addressed):
    """A model behind chat completions."""

    kind: Literal["openai"] = Field("openai", description="Chat completions.")
    provider: Name = Field(description="Who runs it, by its name.", examples=["openai"])


class AnthropicModel(_Protected, AnthropicOptions, _Addressed):
    """A model behind Messages."""

    kind: Literal["anthropic"] = Field("anthropic", description="Messages.")
    provider: Name = Field(description="Who runs it, by its name.", examples=["anthropic"])


Model: TypeAlias = Annotated[
    Annotated[Extractive, Tag("extractive")]
    | Annotated[OpenAiModel, Tag("openai")]
    | Annotated[AnthropicModel, Tag("anthropic")],
    by_kind("extractive"),
]

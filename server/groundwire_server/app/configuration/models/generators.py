"""Models of providers: how each is asked, what its calls may take, and what they cost."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, Tag

from groundwire_server.app.configuration.models.parts import Extractive
from groundwire_server.app.configuration.models.providers import Concurrency
from groundwire_server.app.configuration.models.section import Name, Section, by_kind
from groundwire_server.domain.price import Price

_OURS = frozenset({"messages", "model", "stream", "stream_options", "system"})
"""Fields of requests that are no option."""


def _further(fields: dict[str, Any]) -> dict[str, Any]:
    if ours := sorted(_OURS & fields.keys()):
        raise ValueError(f"{ours[0]} is set by the server: leave it out")
    return fields


class Bounds(Section):
    """What one call may take, besides its deadline."""

    connect_seconds: float = Field(2.0, gt=0, le=60, description="For a connection, its TLS handshake included.")
    first_token_seconds: float | None = Field(
        10.0,
        gt=0,
        le=600,
        description="Until its first text; then the next model is asked. None leaves it to the call.",
    )
    silence_seconds: float = Field(10.0, gt=0, le=600, description="Between two reads, once there is text.")
    response_bytes: int = Field(16 * 1024 * 1024, ge=1024, le=1 << 30, description="Of a whole response.")
    event_bytes: int = Field(1024 * 1024, ge=1024, le=1 << 28, description="Of one event of a stream.")


class Retry(Section):
    """How it is asked again, before its first text and after what may pass by itself."""

    attempts: int = Field(3, ge=1, le=10, description="Requests at most, the first included.")
    base_seconds: float = Field(0.1, ge=0, le=60, description="The first wait is drawn up to this; the bound doubles.")
    most_seconds: float = Field(5.0, ge=0, le=600, description="The bound's bound, and the longest Retry-After kept.")
    share: float = Field(0.5, gt=0, le=1, description="What a wait may use of the time that is left, from 0 to 1.")


class Breaker(Section):
    """When it is left alone for a while because it keeps failing."""

    window_seconds: float = Field(30.0, gt=0, le=3600, description="How long the end of a call counts.")
    least: int = Field(5, ge=1, le=10_000, description="Calls in the window below which it is never left alone.")
    share: float = Field(0.5, gt=0, le=1, description="Of failures among them, from which on it is.")
    open_seconds: float = Field(5.0, gt=0, le=3600, description="Until one call tries it; doubled when that fails.")
    most_seconds: float = Field(60.0, gt=0, le=3600, description="The longest of these.")


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


class _ProvidersModel(Section):
    """What every model of a provider has."""

    kind: Literal["openai", "anthropic"] = Field(description="How it is spoken to.")
    provider: Name = Field(description="Who runs it, by its name.")
    model: str = Field(min_length=1, max_length=256, description="The provider's name for it.", examples=["qwen3-8b"])
    temperature: float | None = Field(
        None, ge=0, le=2, description="The provider's own if none; models that reason refuse it.", examples=[0.0]
    )
    extra: Annotated[dict[str, Any], AfterValidator(_further)] = Field(
        default_factory=dict, description="Further fields of its requests.", examples=[{"reasoning_effort": "low"}]
    )
    bounds: Bounds = Field(default_factory=Bounds, description="What one call may take, besides its deadline.")
    retry: Retry = Field(default_factory=Retry, description="How it is asked again.")
    breaker: Breaker = Field(default_factory=Breaker, description="When it is left alone.")
    concurrency: Concurrency | None = Field(None, description="How many calls at once; as many as come if none.")
    price: Prices | None = Field(None, description="What a million tokens cost; not counted if none.")


class OpenAiModel(_ProvidersModel):
    """A model behind chat completions."""

    kind: Literal["openai"] = Field("openai", description="Chat completions.")
    provider: Name = Field(description="Who runs it, by its name.", examples=["openai"])
    output: Literal["json_schema", "json_object", "prompt"] | None = Field(
        None,
        description="How it is held to the form of an answer; the strictest way of its provider's flavour if none.",
        examples=["json_schema"],
    )


class AnthropicModel(_ProvidersModel):
    """A model behind Messages."""

    kind: Literal["anthropic"] = Field("anthropic", description="Messages.")
    provider: Name = Field(description="Who runs it, by its name.", examples=["anthropic"])
    output: Literal["tool", "json_schema", "prompt"] = Field(
        "tool", description="How it is held to the form of an answer."
    )


Model: TypeAlias = Annotated[
    Annotated[Extractive, Tag("extractive")]
    | Annotated[OpenAiModel, Tag("openai")]
    | Annotated[AnthropicModel, Tag("anthropic")],
    by_kind("extractive"),
]

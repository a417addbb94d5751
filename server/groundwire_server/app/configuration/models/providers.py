"""Who runs models: where they listen, what they are asked with, and what all of their models share."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.providers.profiles import ProfileName
from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions
from groundwire_server.adapters.resilience.retry_budget import RetryBudgetOptions
from groundwire_server.app.configuration.models.section import Section
from groundwire_server.app.configuration.secrets import Secret


class _OfKind(Section):
    kind: Literal["openai", "anthropic"] = Field(description="API dialect.")


class _Provider(Endpoint, _OfKind):
    """What every provider has."""

    api_key: Secret | None = Field(
        None, description="Its key, a reference: env://NAME or file:///PATH.", examples=["env://PROVIDER_KEY"]
    )
    retry_budget: RetryBudgetOptions = Field(
        default_factory=RetryBudgetOptions, description="How many retries are allowed, for all of its models."
    )
    concurrency: ConcurrencyOptions | None = Field(
        None, description="How many calls at once, for all of its models; only `connections` bounds them if unset."
    )


class OpenAiProvider(_Provider):
    """Chat completions as OpenAI has them, and the many who speak the same."""

    kind: Literal["openai"] = Field("openai", description="Chat completions.")
    flavour: ProfileName = Field("openai", description="Server profile; `plain` when it is none of these.")
    api_version: str | None = Field(None, pattern=r"^[A-Za-z0-9.-]+$", description="Azure's.", examples=["2024-10-21"])


class AnthropicProvider(_Provider):
    """Anthropic's Messages."""

    kind: Literal["anthropic"] = Field("anthropic", description="Messages.")


Provider: TypeAlias = Annotated[OpenAiProvider | AnthropicProvider, Field(discriminator="kind")]

"""Providers of models: where they listen, their credentials, and what all of their models share."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.providers.options import ReadinessOptions
from groundwire_server.adapters.providers.profiles import ProfileName
from groundwire_server.adapters.providers.scheduling import SchedulingOptions
from groundwire_server.adapters.resilience.fair_limiter import AdaptiveConcurrencyOptions
from groundwire_server.adapters.resilience.retry_budget import RetryBudgetOptions
from groundwire_server.app.configuration.models.section import Name
from groundwire_server.options import Options
from groundwire_server.options.secret import Secret


class _OfKind(Options):
    kind: Literal["openai", "anthropic"] = Field(description="API dialect.")


class _Provider(Endpoint, _OfKind):
    """What every provider has."""

    api_key: Secret | None = Field(
        None, description="API key, a reference: env://NAME or file:///PATH.", examples=["env://PROVIDER_KEY"]
    )
    retry_budget: RetryBudgetOptions = Field(
        default_factory=RetryBudgetOptions, description="Budget of retries for all of its models."
    )
    concurrency: AdaptiveConcurrencyOptions | None = Field(
        None, description="Calls in flight for all of its models; only `max_connections` bounds them if unset."
    )
    readiness: ReadinessOptions = Field(
        default_factory=ReadinessOptions,
        description="How it is asked whether its models are loaded, while they are not.",
    )
    scheduling: SchedulingOptions = Field(
        default_factory=SchedulingOptions,
        description="How a server of your own learns a request's tenant and priority; not at all unless set.",
    )
    mask: tuple[Name, ...] = Field(
        (),
        max_length=64,
        description="What it is sent placeholders for: categories of personal data, and guards by name. What its "
        "models write has the original words again.",
        examples=[["email", "phone"]],
    )


class OpenAiProviderConfig(_Provider):
    """OpenAI, and the many servers with the same API: chat completions and embeddings."""

    kind: Literal["openai"] = Field("openai", description="Chat completions.")
    profile: ProfileName = Field("openai", description="Profile of the server; `plain` for an unknown one.")
    api_version: str | None = Field(
        None, pattern=r"^[A-Za-z0-9.-]+$", description="API version of Azure.", examples=["2024-10-21"]
    )


class AnthropicProviderConfig(_Provider):
    """Anthropic's Messages."""

    kind: Literal["anthropic"] = Field("anthropic", description="Messages.")


ProviderConfig: TypeAlias = Annotated[OpenAiProviderConfig | AnthropicProviderConfig, Field(discriminator="kind")]

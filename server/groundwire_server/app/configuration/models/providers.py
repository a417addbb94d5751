"""Who runs models: where they listen, what they are asked with, and what all of their models share."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from groundwire_server.app.configuration.models.section import Section
from groundwire_server.domain.residency import Residency
from groundwire_server.options.secret import Secret


def _base_url(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must begin with http:// or https://, such as http://127.0.0.1:8000/v1")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must hold no credentials, query or fragment: the key belongs into api_key")
    return address.rstrip("/")


BaseUrl: TypeAlias = Annotated[str, AfterValidator(_base_url)]


class RetryBudget(Section):
    """What may be spent on asking again, so that an outage does not multiply the load."""

    tokens: float = Field(10.0, gt=0, le=10_000, description="Retries are allowed while more than half is left.")
    ratio: float = Field(0.1, ge=0, le=1, description="What a success gives back; a failure takes one.")


class Concurrency(Section):
    """How many calls at once, in each process; tenants take turns at what becomes free."""

    calls: int = Field(64, ge=1, le=10_000, description="Calls under way at once.")
    waiting: int = Field(256, ge=0, le=100_000, description="Calls that may wait for a turn, within their deadlines.")


class _Provider(Section):
    """What every provider has."""

    kind: Literal["openai", "anthropic"] = Field(description="How it is spoken to.")
    base_url: BaseUrl = Field(
        description="What paths are put behind, the version included.", examples=["https://api.example.com/v1"]
    )
    api_key: Secret | None = Field(
        None, description="Its key, a reference: env://NAME or file:///PATH.", examples=["env://PROVIDER_KEY"]
    )
    residency: Residency = Field(
        Residency.HOSTED, description="Who runs it: `self_hosted` where questions and documents stay with you."
    )
    ca_file: Path | None = Field(
        None,
        description="Authorities to trust instead of the system's, PEM.",
        examples=["/etc/groundwire/provider-ca.pem"],
    )
    connections: int = Field(256, ge=1, le=10_000, description="Connections open at once.")
    idle_seconds: float = Field(30.0, ge=0, le=3600, description="How long an unused connection is kept.")
    trace_context: bool = Field(True, description="Whether requests carry `traceparent`.")
    retry_budget: RetryBudget = Field(
        default_factory=RetryBudget, description="What may be spent on asking again, for all of its models."
    )
    concurrency: Concurrency | None = Field(
        None, description="How many calls at once, for all of its models; no bound but `connections` if none."
    )


class OpenAiProvider(_Provider):
    """Chat completions as OpenAI has them, and the many who speak the same."""

    kind: Literal["openai"] = Field("openai", description="Chat completions.")
    flavour: Literal["openai", "azure", "mistral", "vllm", "tgi", "ollama", "llamacpp", "gemini", "plain"] = Field(
        "openai", description="Whose ways it has; `plain` when it is none of these."
    )
    api_version: str | None = Field(None, pattern=r"^[A-Za-z0-9.-]+$", description="Azure's.", examples=["2024-10-21"])


class AnthropicProvider(_Provider):
    """Anthropic's Messages."""

    kind: Literal["anthropic"] = Field("anthropic", description="Messages.")


Provider: TypeAlias = Annotated[OpenAiProvider | AnthropicProvider, Field(discriminator="kind")]

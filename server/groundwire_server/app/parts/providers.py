"""Providers of models: connections, a retry budget and turns, for all that their models share."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from opentelemetry.trace import Tracer

from groundwire_server.adapters.http.fair_limiter import FairLimiter
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.providers import Concurrency, OpenAiProvider
from groundwire_server.app.configuration.models.providers import Provider as Section
from groundwire_server.app.parts.shared import Lease, Opened

if TYPE_CHECKING:
    from groundwire_server.adapters.http.options import Endpoint
    from groundwire_server.adapters.http.provider import Provider


@dataclass(frozen=True, slots=True)
class OpenProvider:
    """A provider with the turns that its models share."""

    provider: "Provider"
    slots: tuple[FairLimiter, ...]


async def open_provider(name: str, section: Section, lease: Lease, tracer: Tracer) -> OpenProvider:
    """The provider that a section describes.

    Raises:
        OSError: when its `ca_file` cannot be read.
    """
    # Imported here, as below: a server that asks no provider starts without an HTTP client.
    from groundwire_server.adapters.http.provider import Provider  # noqa: PLC0415
    from groundwire_server.adapters.http.retry_budget import RetryBudgetOptions  # noqa: PLC0415

    async def opened() -> Opened[OpenProvider]:
        budget = RetryBudgetOptions(section.retry_budget.tokens, section.retry_budget.ratio)
        random = Random()  # noqa: S311  # draws waits
        provider = Provider(endpoint(name, section), SystemClock(), tracer, random, budget)
        await provider.__aenter__()
        return OpenProvider(provider, slots_of(section.concurrency)), provider.__aexit__

    return await lease.take(("provider", name, section), opened)


def endpoint(name: str, section: Section) -> "Endpoint":
    """Where a provider listens."""
    from groundwire_server.adapters.http.options import Endpoint  # noqa: PLC0415

    return Endpoint(
        name,
        section.base_url,
        section.connections,
        section.idle_seconds,
        None if section.ca_file is None else str(section.ca_file),
        section.residency,
        section.trace_context,
    )


def credentials(section: Section) -> Mapping[str, str]:
    """The headers of every request to a provider."""
    from groundwire_server.adapters.generator import anthropic, openai  # noqa: PLC0415
    from groundwire_server.adapters.http.options import ApiKey  # noqa: PLC0415

    key = None if section.api_key is None else ApiKey(section.api_key.reveal())
    if isinstance(section, OpenAiProvider):
        return openai.OpenAiDialect(openai.OpenAiOptions("", section.flavour, key)).headers
    return anthropic.AnthropicDialect(anthropic.AnthropicOptions("", key)).headers


async def turns_of(what: Hashable, section: Concurrency | None, lease: Lease) -> tuple[FairLimiter, ...]:
    """The turns that a section describes, in common for all that bound the same; none where there is no bound."""
    if section is None:
        return ()

    async def turns() -> Opened[tuple[FairLimiter, ...]]:
        async def close() -> None:
            """Turns hold nothing open."""

        return slots_of(section), close

    return await lease.take(("turns", what, section), turns)


def slots_of(section: Concurrency | None) -> tuple[FairLimiter, ...]:
    """The turns that a section describes; none where there is no bound."""
    return () if section is None else (FairLimiter(section.calls, section.waiting),)

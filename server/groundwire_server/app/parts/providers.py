"""Providers of models: connections, circuits, a retry budget and slots, for all that their models share."""

from collections.abc import Mapping
from random import Random
from typing import Final

from groundwire_server.adapters.generator import anthropic
from groundwire_server.adapters.providers.options import health_url
from groundwire_server.adapters.providers.profiles import PROFILES, ProviderProfile
from groundwire_server.adapters.providers.provider import Provider
from groundwire_server.adapters.resilience.fair_limiter import AdaptiveConcurrencyOptions, FairLimiter
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.providers import AnthropicProviderConfig, ProviderConfig
from groundwire_server.app.parts.shared import Lease
from groundwire_server.ports.recording import Recording

_QUEUE: Final = 10_000
"""Calls that may wait for a connection: admission bounds their number."""


async def open_provider(name: str, section: ProviderConfig, lease: Lease, recording: Recording) -> Provider:
    """Return the provider that a section describes.

    Raises:
        OSError: when its `ca_file` cannot be read.
    """

    def made() -> Provider:
        # Without one, calls would wait for a connection in the order of their arrival, one tenant behind the other.
        options = section.concurrency or AdaptiveConcurrencyOptions(
            max_concurrent=section.max_connections, queue_size=_QUEUE
        )
        limiters = (FairLimiter(options, lease.weights, name, recording.metrics),)
        random = Random()  # noqa: S311  # draws waits
        return Provider(
            name,
            section,
            SystemClock(),
            recording,
            random,
            section.retry_budget,
            limiters,
            health_of(section),
            section.readiness,
        )

    return await lease.take(("provider", name, section), made)


def health_of(section: ProviderConfig) -> str | None:
    """Return where a provider says whether its models are loaded; None where it is not asked."""
    path = None if isinstance(section, AnthropicProviderConfig) else PROFILES[section.profile].health
    return health_url(section, section.readiness, path)


def credentials(section: ProviderConfig) -> Mapping[str, str]:
    """Return the headers of every request to a provider."""
    if isinstance(section, AnthropicProviderConfig):
        return anthropic.credentials(section.api_key)
    return PROFILES[section.profile].credentials(section.api_key)


def profile_of(section: ProviderConfig) -> tuple[ProviderProfile, str | None]:
    """Return what a server expects, and the version of its API where it must be said."""
    if isinstance(section, AnthropicProviderConfig):
        return PROFILES["openai"], None
    return PROFILES[section.profile], section.api_version

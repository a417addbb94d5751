"""Counting tokens outside a server: of files, and to calibrate an estimate by a provider's own count."""

import asyncio
from collections.abc import Mapping
from typing import Final

from groundwire_server.adapters.http.document import DocumentClient
from groundwire_server.adapters.http.options import RequestBounds
from groundwire_server.adapters.tokens.calibration import BOUNDS, factors_of, samples
from groundwire_server.adapters.tokens.endpoint import PATH, CountingEndpoint
from groundwire_server.adapters.tokens.options import EstimateOptions
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import AnthropicModelConfig
from groundwire_server.app.parts.providers import credentials, open_provider
from groundwire_server.app.parts.shared import Shared
from groundwire_server.app.parts.tokens import counter_of
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.text.tokens import ESTIMATES, family_of
from groundwire_server.ports.recording import unrecorded
from groundwire_server.ports.tokens import TokenCounter

_SECONDS: Final = 60.0


class NotCountableError(SetupError):
    """A model's provider counts no tokens."""


def counter_for(alias: str, configuration: Configuration) -> TokenCounter:
    """Return what counts the tokens of a model, by its alias.

    Raises:
        SetupError: when a vocabulary cannot be used.
        ImportError: when an extra is not installed that it needs.
    """
    return counter_of(configuration.models[alias])


async def calibrated(alias: str, configuration: Configuration) -> EstimateOptions:
    """Return the estimate for a model with factors by its provider's own count.

    Raises:
        NotCountableError: when its provider has no endpoint for it, or does not count the texts.
        Failure: one of the MODEL_ causes of the provider.
        OSError: when a file that the provider needs cannot be read.
    """
    section = configuration.models[alias]
    if not isinstance(section, AnthropicModelConfig):
        raise NotCountableError(
            f"models.{alias}: its provider has no endpoint that counts; name a vocabulary in models.{alias}.tokens"
        )
    named = section.tokens.family if isinstance(section.tokens, EstimateOptions) else None
    family: str = named or family_of(section.model)
    provider_section = configuration.providers[section.provider]
    lease = Shared().lease()
    try:
        provider = await open_provider(section.provider, provider_section, lease, unrecorded())
        client = DocumentClient(provider.session, PATH, credentials(provider_section), RequestBounds(), section.model)
        endpoint = CountingEndpoint(client, section.model)
        until = Deadline(asyncio.get_running_loop().time() + _SECONDS)
        counted: Mapping[str, int] = {script: await endpoint.count(text, until) for script, text in samples().items()}
    finally:
        await lease.end()
    factors = factors_of(ESTIMATES[family], counted)
    if (script := next((each for each, factor in factors.items() if factor in BOUNDS), None)) is not None:
        raise NotCountableError(
            f"models.{alias}: its provider counts {counted[script]:,} tokens for a sample in {script}, which no "
            "tokenizer does: check base_url and model"
        )
    return EstimateOptions.model_validate({"family": family, "calibration": factors})

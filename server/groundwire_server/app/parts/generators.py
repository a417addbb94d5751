"""The generators that routes name."""

from collections.abc import Mapping
from typing import Final

from groundwire_server.adapters.generator.extractive import ExtractiveGenerator
from groundwire_server.adapters.generator.protected import ConcurrencyLimitedGenerator
from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import ExtractiveModelConfig
from groundwire_server.app.parts.limiters import open_limiter_of_all, open_limiters
from groundwire_server.app.parts.shared import Lease
from groundwire_server.app.parts.store import Store
from groundwire_server.domain.outcome import ModelIdentity
from groundwire_server.ports.generator import Generator
from groundwire_server.ports.recording import Recording

_QUOTING: Final = ConcurrencyOptions(max_concurrent=8, queue_size=10_000)
"""Calls of the quoting model at once: it works in this process, and more of them are no faster. Fewer than eight would
leave no slot to keep free for other tenants. Admission bounds how many may wait."""


def identities(configuration: Configuration) -> Mapping[str, ModelIdentity]:
    """Return which models the aliases stand for."""
    return {
        alias: ModelIdentity("groundwire", "extractive")
        if isinstance(model, ExtractiveModelConfig)
        else ModelIdentity(model.provider, model.model)
        for alias, model in configuration.models.items()
    }


async def open_generator(
    alias: str, configuration: Configuration, stores: Mapping[str, Store], lease: Lease, recording: Recording
) -> Generator:
    """Return the generator behind an alias.

    Raises:
        OSError: when a file that its provider needs cannot be read.
    """
    section = configuration.models[alias]
    of_all_models = await open_limiter_of_all(configuration.concurrency, lease, recording.metrics)
    if not isinstance(section, ExtractiveModelConfig):
        # Imported here: a server that asks no provider starts without an HTTP client.
        from groundwire_server.app.parts.models import open_model  # noqa: PLC0415

        return await open_model(section, configuration, of_all_models, lease, recording)
    store = stores[section.store] if section.store else None
    quoting = ExtractiveGenerator(store.embedder, store.sentence_vectors) if store else ExtractiveGenerator(None, None)
    own = await open_limiters(alias, ("extractive", section), _QUOTING, lease, recording.metrics)
    return ConcurrencyLimitedGenerator(quoting, (*own, *of_all_models))

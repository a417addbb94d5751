"""Generators."""

from collections.abc import Mapping

from opentelemetry.trace import Tracer

from groundwire_server.adapters.generator.extractive import ExtractiveGenerator
from groundwire_server.adapters.generator.limiting import ConcurrencyLimitedGenerator
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.parts import Extractive
from groundwire_server.app.parts.models import open_model
from groundwire_server.app.parts.providers import turns_of
from groundwire_server.app.parts.shared import Lease
from groundwire_server.app.parts.stores import Store
from groundwire_server.ports.generator import Generator


async def generator(
    alias: str, configuration: Configuration, stores: Mapping[str, Store], lease: Lease, tracer: Tracer
) -> Generator:
    """The generator behind an alias."""
    section = configuration.models[alias]
    worker = await turns_of("all", configuration.concurrency, lease)
    if not isinstance(section, Extractive):
        return await open_model(section, configuration.providers[section.provider], worker, lease, tracer)
    store = stores[section.store] if section.store else None
    quoting = ExtractiveGenerator(store.embedder, store.sentence_vectors) if store else ExtractiveGenerator(None, None)
    return ConcurrencyLimitedGenerator(quoting, *worker) if worker else quoting

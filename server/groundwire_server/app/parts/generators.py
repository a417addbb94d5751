"""Generators."""

from collections.abc import Mapping

from groundwire_server.adapters.generator.extractive import ExtractiveGenerator
from groundwire_server.app.configuration.models.parts import Extractive
from groundwire_server.app.parts.stores import Store
from groundwire_server.ports.generator import Generator


async def generator(section: Extractive, stores: Mapping[str, Store]) -> Generator:
    """The generator that a section describes."""
    store = stores[section.store] if section.store else None
    return ExtractiveGenerator(store.embedder, store.sentence_vectors) if store else ExtractiveGenerator(None, None)

"""The parts of one configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from opentelemetry.trace import Tracer

from groundwire_server.app.configuration.chains import residencies
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.parts import Extractive
from groundwire_server.app.parts.budget import open_budget, prices
from groundwire_server.app.parts.generators import generator
from groundwire_server.app.parts.shared import Lease
from groundwire_server.app.parts.stores import Store, open_store
from groundwire_server.domain.price import Price
from groundwire_server.domain.residency import Residency
from groundwire_server.ports.budget import Budget
from groundwire_server.ports.generator import Generator


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one configuration, by their names in it: those that a route or the document calls need.

    Attributes:
        corpus: the store that document calls keep documents in.
        residencies: who runs each generator.
        prices: of those whose tokens cost something.
        budget: where the money for them comes from.
    """

    stores: Mapping[str, Store]
    generators: Mapping[str, Generator]
    corpus: Store
    residencies: Mapping[str, Residency] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    budget: Budget | None = None


async def open_parts(configuration: Configuration, lease: Lease, tracer: Tracer) -> Parts:
    """Open what a configuration names, or take what is open already.

    Raises:
        Unusable: when a part cannot be used as it is.
        ImportError: when an extra is not installed that a part needs.
        OSError: when a folder or file cannot be had.
    """
    routes = configuration.routes.values()
    models = {name: configuration.models[name] for route in routes for name in route.models}
    read = {model.store for model in models.values() if isinstance(model, Extractive) and model.store}
    named = {*(route.store for route in routes), *read}
    stores = {
        name: await open_store(name, configuration, lease, tracer)
        for name in sorted(named | {configuration.corpus_store})
    }
    generators = {name: await generator(name, configuration, stores, lease, tracer) for name in models}
    return Parts(
        stores,
        generators,
        stores[configuration.corpus_store],
        residencies(configuration),
        prices(configuration),
        await open_budget(configuration, lease),
    )

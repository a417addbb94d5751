"""Names that must lead somewhere within the configuration, and sections that must fit each other."""

from collections.abc import Collection, Iterator

from groundwire_server.app.configuration import chains, of_embedders
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.parts import Extractive
from groundwire_server.app.configuration.of_stores import shared_places, unsearchable
from groundwire_server.app.configuration.problems import Path, Problem, not_among
from groundwire_server.app.listening import may_listen


def dangling(configuration: Configuration) -> Iterator[Problem]:
    """Yield a problem for each name that leads nowhere, and for each pair that does not fit."""
    for name, store in configuration.stores.items():
        yield from _named(store.embedder, configuration.embedders, ("stores", name, "embedder"), "embedder")
    for name, model in configuration.models.items():
        if isinstance(model, Extractive):
            yield from _named(model.store, configuration.stores, ("models", name, "store"), "store")
    yield from of_embedders.dangling(configuration)
    yield from chains.dangling(configuration)
    for name, route in configuration.routes.items():
        yield from _named(route.store, configuration.stores, ("routes", name, "store"), "store")
        for index, alias in enumerate(route.models):
            yield from _named(alias, configuration.models, ("routes", name, "models", index), "model")
        yield from unsearchable(name, route, configuration.stores.get(route.store))
        if route.time.default_seconds > route.time.max_seconds:
            yield Problem(("routes", name, "time", "default_seconds"), "must be at most max_seconds")
    yield from _corpus(configuration)
    yield from _access(configuration)


def _named(name: str | None, known: Collection[str], path: Path, what: str) -> Iterator[Problem]:
    if name is not None and name not in known:
        yield Problem(path, not_among(name, known, f"there is no {what} of this name"))


def _corpus(configuration: Configuration) -> Iterator[Problem]:
    if configuration.corpus is None and len(configuration.stores) > 1:
        names = ", ".join(sorted(configuration.stores))
        yield Problem(("corpus",), f"must say which store keeps documents, since there are several: {names}")
    yield from _named(configuration.corpus, configuration.stores, ("corpus",), "store")
    yield from shared_places(configuration.stores)


def _access(configuration: Configuration) -> Iterator[Problem]:
    server, options = configuration.server, configuration.authentication.options(configuration.tenants)
    wrong = may_listen(
        server.listen,
        tls=server.tls is not None,
        authenticated=options.authenticated,
        dangerous=server.dangerously_listen_without_authentication,
    )
    if wrong:
        yield Problem(("server", "listen"), wrong)
    by_certificate = configuration.authentication.certificates is not None
    if by_certificate and (server.tls is None or server.tls.client_ca is None):
        yield Problem(("authentication", "certificates"), "needs server.tls.client_ca, which vouches for them")

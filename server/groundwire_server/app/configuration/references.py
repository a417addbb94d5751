"""References between sections: names that must exist, and sections that must fit each other."""

from collections.abc import Collection, Iterator

from groundwire_server.adapters.answer_cache.options import AnswerCacheKind
from groundwire_server.app.configuration.checker_rules import check_checkers
from groundwire_server.app.configuration.embedder_rules import check_embedders
from groundwire_server.app.configuration.errors import ConfigError, Path, check_tenant, not_among
from groundwire_server.app.configuration.fallback_rules import check_fallbacks
from groundwire_server.app.configuration.guard_rules import check_guards
from groundwire_server.app.configuration.limit_rules import check_limits
from groundwire_server.app.configuration.mask_rules import check_masks
from groundwire_server.app.configuration.model_rules import check_models
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import ExtractiveModelConfig
from groundwire_server.app.configuration.prompt_rules import check_context, check_prompts
from groundwire_server.app.configuration.queue_rules import check_queue
from groundwire_server.app.configuration.recording_rules import check_recordings
from groundwire_server.app.configuration.reranker_rules import check_rerankers
from groundwire_server.app.configuration.review_rules import check_reviews, check_ticketing
from groundwire_server.app.configuration.routing_rules import check_routing
from groundwire_server.app.configuration.store_rules import check_places, check_search, check_vectors
from groundwire_server.app.configuration.worker_rules import check_workers
from groundwire_server.domain.loopback import is_loopback


def check_references(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each name that does not exist, and for each pair of sections that does not fit."""
    for name, store in configuration.stores.items():
        yield from _check_name(store.embedder, configuration.embedders, ("stores", name, "embedder"), "embedder")
    for name, model in configuration.models.items():
        if isinstance(model, ExtractiveModelConfig):
            yield from _check_name(model.store, configuration.stores, ("models", name, "store"), "store")
    yield from check_embedders(configuration)
    yield from check_models(configuration)
    yield from check_masks(configuration)
    yield from check_checkers(configuration)
    yield from check_rerankers(configuration)
    yield from check_guards(configuration)
    for name, route in configuration.routes.items():
        yield from _check_name(route.store, configuration.stores, ("routes", name, "store"), "store")
        for index, alias in enumerate(route.models):
            yield from _check_name(alias, configuration.models, ("routes", name, "models", index), "model")
        yield from check_search(name, route, configuration.stores.get(route.store))
        if route.time.default_seconds > route.time.max_seconds:
            yield ConfigError(("routes", name, "time", "default_seconds"), "must be at most max_seconds")
    yield from check_context(configuration)
    yield from check_fallbacks(configuration)
    yield from check_routing(configuration)
    yield from _check_weights(configuration)
    yield from check_prompts(configuration)
    yield from check_queue(configuration)
    yield from check_reviews(configuration)
    yield from check_ticketing(configuration)
    yield from check_recordings(configuration)
    yield from check_limits(configuration)
    yield from _check_corpus(configuration)
    yield from _check_access(configuration)
    if configuration.answer_cache.kind is AnswerCacheKind.REDIS and configuration.redis is None:
        yield ConfigError(("answer_cache", "kind"), "needs `redis`, where the answers are kept: set redis.url")
    yield from check_workers(configuration)


def _check_name(name: str | None, known: Collection[str], path: Path, what: str) -> Iterator[ConfigError]:
    if name is not None and name not in known:
        yield ConfigError(path, not_among(name, known, f"there is no {what} of this name"))


def _check_weights(configuration: Configuration) -> Iterator[ConfigError]:
    for tenant in configuration.tenant_weights:
        yield from check_tenant(("tenant_weights", tenant), tenant, configuration.tenants)


def _check_corpus(configuration: Configuration) -> Iterator[ConfigError]:
    if configuration.corpus is None and len(configuration.stores) > 1:
        names = ", ".join(sorted(configuration.stores))
        yield ConfigError(("corpus",), f"must say which store keeps documents, since there are several: {names}")
    yield from _check_name(configuration.corpus, configuration.stores, ("corpus",), "store")
    yield from check_places(configuration.stores)
    yield from check_vectors(configuration.stores)


def _check_access(configuration: Configuration) -> Iterator[ConfigError]:
    server, authentication = configuration.server, configuration.authentication
    wrong = may_listen(
        server.listen,
        tls=server.tls is not None,
        authenticated=authentication.required,
        dangerous=server.dangerously_listen_without_authentication,
    )
    if wrong:
        yield ConfigError(("server", "listen"), wrong)
    gateway = configuration.gateway
    if gateway.listen is not None:
        wrong = may_listen(
            gateway.listen,
            tls=gateway.tls is not None,
            authenticated=authentication.required,
            dangerous=server.dangerously_listen_without_authentication,
            section="gateway",
        )
        if wrong:
            yield ConfigError(("gateway", "listen"), wrong)
    if authentication.certificates is not None and (server.tls is None or server.tls.client_ca is None):
        yield ConfigError(("authentication", "certificates"), "needs server.tls.client_ca, which vouches for them")


def may_listen(address: str, *, tls: bool, authenticated: bool, dangerous: bool, section: str = "server") -> str | None:
    """Return None if the server may listen on the address, or else a sentence that says why not and what to do.

    Args:
        address: HOST:PORT.
        tls: whether connections use TLS.
        authenticated: whether callers have to present a credential.
        dangerous: whether `dangerously_listen_without_authentication` is set.
        section: of the configuration that has the address and its TLS.
    """
    if dangerous or is_loopback(address) or (tls and authenticated):
        return None
    needed = {"TLS": tls, "authentication": authenticated}
    missing = " and no ".join(word for word, there in needed.items() if not there)
    return (
        f"{address} is reachable from other machines and there is no {missing}: set up {section}.tls and "
        "authentication, listen on 127.0.0.1, or set dangerously_listen_without_authentication"
    )

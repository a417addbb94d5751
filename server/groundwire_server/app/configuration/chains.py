"""Models, who runs them, and the chains that routes make of them."""

from collections.abc import Iterator, Mapping

from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.parts import Extractive
from groundwire_server.app.configuration.of_embedders import asks_hosted
from groundwire_server.app.configuration.problems import Problem, not_among
from groundwire_server.domain.residency import Residency, within


def residencies(configuration: Configuration) -> Mapping[str, Residency]:
    """Who runs each model. One whose provider is not there runs nowhere."""
    found = {}
    for alias, model in configuration.models.items():
        if isinstance(model, Extractive):
            # It quotes here, but compares sentences by the vectors of its store's embedder.
            seen = asks_hosted(configuration, model.store)
            found[alias] = Residency.HOSTED if seen else Residency.SELF_HOSTED
        elif provider := configuration.providers.get(model.provider):
            found[alias] = provider.residency
    return found


def dangling(configuration: Configuration) -> Iterator[Problem]:
    """Yield a problem for each model without a provider of its kind, and each chain without a model."""
    for alias, model in configuration.models.items():
        if isinstance(model, Extractive):
            continue
        path = ("models", alias, "provider")
        provider = configuration.providers.get(model.provider)
        if provider is None:
            yield Problem(path, not_among(model.provider, configuration.providers, "there is no provider of this name"))
        elif provider.kind != model.kind:
            yield Problem(path, f"is of the kind {provider.kind}, and the model of the kind {model.kind}")
    yield from _tenants(configuration)
    yield from _empty(configuration)


def _tenants(configuration: Configuration) -> Iterator[Problem]:
    if configuration.tenants is None:
        return
    for index, tenant in enumerate(configuration.self_hosted_only or ()):
        if tenant not in configuration.tenants:
            # A tenant that is misspelt would go without its protection.
            yield Problem(
                ("self_hosted_only", index), not_among(tenant, configuration.tenants, "there is no tenant of this name")
            )


def _empty(configuration: Configuration) -> Iterator[Problem]:
    """Routes that could ask no model at all, for everybody or for some tenants."""
    run_by = residencies(configuration)
    for name, route in configuration.routes.items():
        if any(alias not in run_by for alias in route.models):
            continue  # told of already
        if not within(route.models, run_by, self_hosted_only=True):
            path = ("routes", name, "models")
            if route.self_hosted_only:
                yield Problem(path, "are all hosted, and self_hosted_only bars them: add one that is not")
            elif configuration.self_hosted_only:
                first = configuration.self_hosted_only[0]
                yield Problem(path, f"are all hosted, which self_hosted_only bars for {first}: add one that is not")

"""Rules for models that their sections alone cannot express: providers, data residency, and the chains of routes."""

from collections.abc import Iterator, Mapping

from groundwire_server.adapters.providers.profiles import PROFILES
from groundwire_server.app.configuration.embedder_rules import asks_hosted
from groundwire_server.app.configuration.errors import ConfigError, check_tenant, not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import ExtractiveModelConfig
from groundwire_server.domain.residency import Residency, within


def residencies(configuration: Configuration) -> Mapping[str, Residency]:
    """Return who runs each model; one whose provider is unknown is left out."""
    found = {}
    for alias, model in configuration.models.items():
        if isinstance(model, ExtractiveModelConfig):
            # It quotes here, but compares sentences by the vectors of its store's embedder.
            seen = asks_hosted(configuration, model.store)
            found[alias] = Residency.HOSTED if seen else Residency.SELF_HOSTED
        elif provider := configuration.providers.get(model.provider):
            found[alias] = provider.residency
    return found


def check_models(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each model without a provider of its kind, and for each chain without a model."""
    for alias, model in configuration.models.items():
        if isinstance(model, ExtractiveModelConfig):
            continue
        path = ("models", alias, "provider")
        provider = configuration.providers.get(model.provider)
        if provider is None:
            yield ConfigError(
                path, not_among(model.provider, configuration.providers, "there is no provider of this name")
            )
        elif provider.kind != model.kind:
            yield ConfigError(path, f"is of the kind {provider.kind}, and the model of the kind {model.kind}")
    yield from _check_scheduling(configuration)
    yield from _check_tenants(configuration)
    yield from _check_chains(configuration)
    yield from _check_shadows(configuration)
    yield from _check_rewriters(configuration)


def _check_scheduling(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each provider that is hosted, or would not understand what it gets."""
    for name, provider in configuration.providers.items():
        path, told = ("providers", name, "scheduling"), provider.scheduling
        if provider.residency is Residency.HOSTED and (told.headers is not None or told.priority):
            yield ConfigError(path, "is for servers of your own: set residency to self_hosted, or leave it out")
        if told.priority and (provider.kind != "openai" or not PROFILES[provider.profile].priorities):
            yield ConfigError((*path, "priority"), "is a field of vLLM: set profile to vllm, or leave it out")


def _check_tenants(configuration: Configuration) -> Iterator[ConfigError]:
    for index, tenant in enumerate(configuration.self_hosted_only or ()):
        # A tenant that is misspelt would go without its protection.
        yield from check_tenant(("self_hosted_only", index), tenant, configuration.tenants)


def _check_chains(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each route that could ask no model at all, for everybody or for some tenants."""
    run_by = residencies(configuration)
    for name, route in configuration.routes.items():
        if any(alias not in run_by for alias in route.models):
            continue  # reported already
        if not within(route.models, run_by, self_hosted_only=True):
            path = ("routes", name, "models")
            if route.self_hosted_only:
                yield ConfigError(path, "are all hosted, and self_hosted_only bars them: add one that is not")
            elif configuration.self_hosted_only:
                first = configuration.self_hosted_only[0]
                yield ConfigError(path, f"are all hosted, which self_hosted_only bars for {first}: add one that is not")


def _check_shadows(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each model in the shadow that is not there, may not be asked, or could cost without limit."""
    run_by = residencies(configuration)
    for name, route in configuration.routes.items():
        shadow, path = route.shadow, ("routes", name, "shadow", "model")
        if shadow is None:
            continue
        model = configuration.models.get(shadow.model)
        if model is None:
            yield ConfigError(path, not_among(shadow.model, configuration.models, "there is no model of this name"))
            continue
        if shadow.model == route.models[0]:
            yield ConfigError(path, "is the first that the route asks: name the one that is to be compared with it")
        if route.self_hosted_only and not within((shadow.model,), run_by, self_hosted_only=True):
            yield ConfigError(path, "is hosted, and self_hosted_only bars it: name one that is not")
        if not isinstance(model, ExtractiveModelConfig) and model.price is not None and shadow.daily_limit is None:
            yield ConfigError(("routes", name, "shadow", "daily_limit"), "is missing: the model has a price")


def _check_rewriters(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each model that is to rewrite questions and is not there, cannot, or may not be asked."""
    run_by = residencies(configuration)
    for name, route in configuration.routes.items():
        rewrite, path = route.rewrite, ("routes", name, "rewrite", "model")
        if rewrite is None:
            continue
        model = configuration.models.get(rewrite.model)
        if model is None:
            yield ConfigError(path, not_among(rewrite.model, configuration.models, "there is no model of this name"))
        elif isinstance(model, ExtractiveModelConfig):
            yield ConfigError(path, "quotes, and cannot rewrite: name a model of a provider")
        elif route.self_hosted_only and not within((rewrite.model,), run_by, self_hosted_only=True):
            yield ConfigError(path, "is hosted, and self_hosted_only bars it: name one that is not")

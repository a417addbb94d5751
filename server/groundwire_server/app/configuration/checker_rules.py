"""Rules for checkers that their sections alone cannot express: models, providers, data residency, and their routes."""

from collections.abc import Iterator

from groundwire_server.app.configuration.endpoint_rules import (
    check_openai_provider,
    check_residency,
    is_provider_hosted,
)
from groundwire_server.app.configuration.errors import ConfigError, Path, not_among
from groundwire_server.app.configuration.model_rules import residencies
from groundwire_server.app.configuration.models.checkers import (
    CheckerConfig,
    ClassifierCheckerConfig,
    DecisionsCheckerConfig,
    JudgeCheckerConfig,
)
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import AnthropicModelConfig, ExtractiveModelConfig
from groundwire_server.domain.residency import Residency
from groundwire_server.domain.vocabulary import ReleaseMinimum


def check_checkers(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each checker that lacks what it names, and for each that a route must not or cannot have."""
    for name, checker in configuration.checkers.items():
        match checker:
            case JudgeCheckerConfig():
                yield from _check_judge(configuration, name, checker)
            case DecisionsCheckerConfig() | ClassifierCheckerConfig():
                path: Path = ("checkers", name, "provider")
                yield from check_openai_provider(configuration, path, checker.provider, "checkers")
            case _:
                pass
    yield from _check_routes(configuration)


def is_hosted(configuration: Configuration, checker: CheckerConfig) -> bool:
    """Whether sentences and passages leave for a hosted provider; one that is unknown counts as none."""
    match checker:
        case JudgeCheckerConfig():
            return residencies(configuration).get(checker.model) is Residency.HOSTED
        case DecisionsCheckerConfig() | ClassifierCheckerConfig():
            return is_provider_hosted(configuration, checker.provider)
        case _:
            return False


def _check_judge(configuration: Configuration, name: str, checker: JudgeCheckerConfig) -> Iterator[ConfigError]:
    path: Path = ("checkers", name, "model")
    model = configuration.models.get(checker.model)
    if model is None:
        yield ConfigError(path, not_among(checker.model, configuration.models, "there is no model of this name"))
    elif isinstance(model, ExtractiveModelConfig):
        yield ConfigError(path, "quotes, and cannot judge: name a model of a provider")
    elif isinstance(model, AnthropicModelConfig) and checker.log_probabilities:
        said = "must be false: the provider of this model has no log probabilities"
        yield ConfigError(("checkers", name, "log_probabilities"), said)


def _check_routes(configuration: Configuration) -> Iterator[ConfigError]:
    for name, route in configuration.routes.items():
        path: Path = ("routes", name, "checker")
        if route.checker is None:
            models = [configuration.models.get(alias) for alias in route.models]
            if route.release.minimum is ReleaseMinimum.VERIFIED and not all(
                isinstance(each, ExtractiveModelConfig) for each in models
            ):
                said = "must be set: with minimum VERIFIED, rules alone let only quotations through"
                yield ConfigError(path, said)
            continue
        checker = configuration.checkers.get(route.checker)
        if checker is None:
            known = not_among(route.checker, configuration.checkers, "there is no checker of this name")
            yield ConfigError(path, known)
        else:
            yield from check_residency(configuration, route, path, hosted=is_hosted(configuration, checker))

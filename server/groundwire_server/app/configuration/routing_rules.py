"""Rules for model rules that their own section cannot express: models that may be asked, and rules never reached."""

from collections.abc import Iterator

from groundwire_server.app.configuration.errors import ConfigError, Path, not_among
from groundwire_server.app.configuration.model_rules import residencies
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.app.configuration.models.routing import RoutingRuleConfig
from groundwire_server.domain.residency import within
from groundwire_server.domain.vocabulary import LimitKind


def check_routing(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each rule that could never choose its models."""
    for name, route in configuration.routes.items():
        rules = [rule.rule for rule in route.routing]
        for index, section in enumerate(route.routing):
            path: Path = ("routes", name, "routing", index)
            yield from _check_models(section, path, route, configuration)
            yield from _check_condition(section, path, name, route, configuration)
            for other in rules[:index]:
                if other.name == section.name:
                    yield ConfigError((*path, "name"), "is that of another rule of the route: choose another")
                if other.condition.covers(rules[index].condition):
                    message = f"can never be reached: {other.name} before it holds wherever this one does"
                    yield ConfigError(path, message)
                    break


def _check_models(
    rule: RoutingRuleConfig, path: Path, route: RouteConfig, configuration: Configuration
) -> Iterator[ConfigError]:
    unknown = [(place, alias) for place, alias in enumerate(rule.models) if alias not in route.models]
    for place, alias in unknown:
        message = not_among(alias, route.models, "is not among the models of the route")
        yield ConfigError((*path, "models", place), message)
    if len(set(rule.models)) < len(rule.models):
        yield ConfigError((*path, "models"), "names a model twice: each is asked at most once")
    hosted = not within(rule.models, residencies(configuration), self_hosted_only=True)
    if route.self_hosted_only and hosted and not unknown:
        yield ConfigError((*path, "models"), "are all hosted, and self_hosted_only bars them: add one that is not")


def _check_condition(
    rule: RoutingRuleConfig, path: Path, name: str, route: RouteConfig, configuration: Configuration
) -> Iterator[ConfigError]:
    when = rule.when
    for tenant in sorted(when.tenants or ()):
        if configuration.tenants is not None and tenant not in configuration.tenants:
            message = not_among(tenant, configuration.tenants, f"{tenant} can never hold: there is no such tenant")
            yield ConfigError((*path, "when", "tenants"), message)
    shortest, longest = 1 if when.question_chars is None else when.question_chars.min, route.limits.question_chars
    if shortest > longest:
        message = f"can never hold: routes.{name}.limits.question_chars is {longest}"
        yield ConfigError((*path, "when", "question_chars", "min"), message)
    if when.budget_left_below is not None and not any(
        row.route in {None, name} and LimitKind.COST_PER_DAY in row.row("").limits
        for row in configuration.limits.values()
    ):
        message = "can never hold: no limit of the route has cost_per_day"
        yield ConfigError((*path, "when", "budget_left_below"), message)

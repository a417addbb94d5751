"""The routes that the arms of experiments make of a configuration.

For every combination of arms that a call may belong to, and that differs from its route, there is a variant: a route of
the configuration in its own right, under a name that no file can have. So it is validated, calibrated and opened as any
other, and its answers are told apart as those of any other.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import combinations, product
from typing import Final, TypeAlias

from pydantic import ValidationError

from groundwire_server.app.configuration.errors import ConfigError, InvalidConfigurationError, Path, dotted, not_among
from groundwire_server.app.configuration.explain import explained
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.app.configuration.references import check_references
from groundwire_server.app.configuration.yaml_file import parse
from groundwire_server.app.experiments.settings import with_settings
from groundwire_server.domain.experiments.assignment import RouteTraffic
from groundwire_server.domain.experiments.experiment import (
    Arm,
    Assignment,
    Experiment,
    ExperimentState,
    ExperimentUnit,
)
from groundwire_server.domain.policy import Policy

MOST_VARIANTS: Final = 16
"""Ways to answer the calls of one route, the route itself among them."""

_CLOCK_ERROR: Final = timedelta(days=1)
"""How far the clock may be ahead when a configuration is opened, so that experiments go on once it is right."""

_MARK: Final = "~"
"""Stands in the name of a variant behind that of its route, which has none."""

Check: TypeAlias = Callable[[Configuration], Iterable[ConfigError]]
"""Yields what is wrong with a configuration between its sections."""


@dataclass(frozen=True, slots=True)
class RouteVariant:
    """A route with the settings of some arms.

    Attributes:
        route: the name of the route that it answers for.
        arms: whose settings it has, one of each experiment.
    """

    route: str
    arms: frozenset[Assignment]


@dataclass(frozen=True, slots=True)
class ExpandedConfiguration:
    """A configuration with the variants that experiments make of it.

    Attributes:
        configuration: with the variants among its routes.
        variants: by their names there.
        traffic: how the calls of each route are split, by route; without those that are not.
        faults: why an experiment is set aside, by its name.
    """

    configuration: Configuration
    variants: Mapping[str, RouteVariant] = field(default_factory=dict)
    traffic: Mapping[str, RouteTraffic] = field(default_factory=dict)
    faults: Mapping[str, Sequence[ConfigError]] = field(default_factory=dict)

    @property
    def in_use(self) -> Sequence[Experiment]:
        """The experiments that are not set aside."""
        return [each for traffic in self.traffic.values() for each in traffic.experiments]

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why each experiment that is set aside is, in a line."""
        return {name: str(errors[0]) for name, errors in self.faults.items()}

    def policy(self, name: str, policy: Policy) -> Policy:
        """Return the policy of a route of the configuration, which for a variant is one of its route's.

        Args:
            name: in the configuration.
            policy: that the section of this name makes.
        """
        variant = self.variants.get(name)
        return policy if variant is None else replace(policy, route=variant.route, arms=variant.arms)


def expanded(
    configuration: Configuration, experiments: Sequence[Experiment], now: datetime, check: Check = check_references
) -> ExpandedConfiguration:
    """Return a configuration with the variants that experiments make of it.

    An experiment that does not fit the configuration, or an experiment before it, is set aside; those that have ended
    are left out. Where only the time says so, they come last: a clock that was ahead is set back, and they go on then.

    Args:
        configuration: what is wrong with it by itself is no fault of an experiment.
        experiments: those that come first stand where two of them do not fit each other.
        now: of the wall clock.
        check: of the configuration with variants.
    """
    kept: list[Experiment] = []
    faults: dict[str, Sequence[ConfigError]] = {}
    before = {(each.path, each.message) for each in check(configuration)}
    open_ones = [each for each in experiments if each.state(now) is not ExperimentState.ENDED]
    just_over = [each for each in experiments if _just_over(each, now)]
    for experiment in (*open_ones, *just_over):
        found = [*_own_faults(experiment, configuration, kept)]
        if not found:
            whole, variants = _with_variants(configuration, [*kept, experiment])
            found = [
                _of_definition(each, experiment, variants)
                for each in check(whole)
                if (_of_route_itself(each.path, variants), each.message) not in before
            ]
        if not found:
            kept.append(experiment)
        elif experiment.state(now) is not ExperimentState.ENDED:
            faults[experiment.name] = _located(found, experiment)
    whole, variants = _with_variants(configuration, kept)
    traffic = {
        route: RouteTraffic(tuple(own), configuration.routes[route].experiments.holdout_percent)
        for route in configuration.routes
        if (own := _of_route(kept, route))
    }
    return ExpandedConfiguration(whole, variants, traffic, faults)


def in_order(experiments: Iterable[Experiment]) -> Sequence[Experiment]:
    """Return experiments in the order in which they began, which is that of their precedence."""
    return sorted(experiments, key=lambda each: (each.start, each.name))


def refuse_broken(before: ExpandedConfiguration, after: ExpandedConfiguration) -> None:
    """Refuse a configuration that an experiment does not fit which was in use.

    Raises:
        InvalidConfigurationError: with an error for each.
    """
    broken = [each.name for each in before.in_use if each.name in after.faults]
    if broken:
        raise InvalidConfigurationError(
            [
                ConfigError(
                    (),
                    f"the experiment {name} does not fit: {after.faults[name][0]}; to end it: "
                    f"groundwire experiments end {name}",
                )
                for name in broken
            ]
        )


def route_of(name: str) -> str:
    """Return the route that a route of an expanded configuration answers for: itself, but for variants."""
    return name.partition(_MARK)[0]


def _just_over(experiment: Experiment, now: datetime) -> bool:
    """Return whether the time of an experiment was over so lately that a wrong clock may have said so."""
    end = experiment.end
    return bool(experiment.open_treatments) and end is not None and now - _CLOCK_ERROR < end <= now


def _own_faults(
    experiment: Experiment, configuration: Configuration, before: Sequence[Experiment]
) -> Iterator[ConfigError]:
    """Yield what is wrong with an experiment by its route and by the experiments before it."""
    route = configuration.routes.get(experiment.route)
    if route is None:
        yield ConfigError(("route",), not_among(experiment.route, configuration.routes, "there is no such route"))
        return
    if experiment.unit is ExperimentUnit.SUBJECT and not route.experiments.by_subject:
        yield ConfigError(
            ("unit",), f"is SUBJECT, which routes.{experiment.route} must allow: set experiments.by_subject there"
        )
    beside = [other for other in _of_route(before, experiment.route) if _overlap(other, experiment)]
    for other in beside:
        for dimension in sorted(experiment.dimensions & other.dimensions):
            yield ConfigError(
                _place(experiment, dimension), f"the experiment {other.name} varies it at the same time: end one first"
            )
    for index, arm in enumerate(experiment.arms):
        try:
            with_settings(route, arm.settings)
        except ValidationError as invalid:
            for error in explained(invalid, RouteConfig, lambda path: ""):
                yield ConfigError((*_settings(index), *error.path), error.message)
    count = 1 + sum(1 for _ in _combinations([*_of_route(before, experiment.route), experiment]))
    if count > MOST_VARIANTS:
        yield ConfigError(
            ("arms",),
            f"would make {count} ways to answer the route's calls, of at most {MOST_VARIANTS}: end another"
            " experiment first",
        )


def _with_variants(
    configuration: Configuration, experiments: Sequence[Experiment]
) -> tuple[Configuration, Mapping[str, RouteVariant]]:
    """Return the configuration with the variants among its routes, and the variants by their names."""
    sections: dict[str, RouteConfig] = {}
    variants: dict[str, RouteVariant] = {}
    for name, route in configuration.routes.items():
        for arms in _combinations(_of_route(experiments, name)):
            section = route
            for _, arm in arms:
                section = with_settings(section, arm.settings)
            words = "+".join(f"{experiment.name}.{arm.name}" for experiment, arm in arms)
            variant = f"{name}{_MARK}{words}"
            # What is compared with the route's answers is compared with those of all arms.
            sections[variant] = section.model_copy(update={"shadow": None})
            variants[variant] = RouteVariant(
                name, frozenset(Assignment(experiment.name, arm.name, experiment.unit) for experiment, arm in arms)
            )
    return configuration.model_copy(update={"routes": {**configuration.routes, **sections}}), variants


def _combinations(experiments: Sequence[Experiment]) -> Iterator[Sequence[tuple[Experiment, Arm]]]:
    """Yield the arms, one or more, that a call may belong to at once and that change something."""
    choices: list[list[tuple[Experiment, Arm] | None]] = [
        [None, *((experiment, arm) for arm in experiment.open_treatments if arm.settings)] for experiment in experiments
    ]
    for chosen in product(*choices):
        arms = [each for each in chosen if each is not None]
        if arms and all(_overlap(one, other) for (one, _), (other, _) in combinations(arms, 2)):
            yield arms


def _overlap(one: Experiment, other: Experiment) -> bool:
    """Return whether there is a time at which both assign calls."""
    return (one.end is None or other.start < one.end) and (other.end is None or one.start < other.end)


def _of_route(experiments: Iterable[Experiment], route: str) -> list[Experiment]:
    return [experiment for experiment in experiments if experiment.route == route]


def _settings(index: int) -> Path:
    return ("arms", index, "settings")


def _place(experiment: Experiment, dimension: str) -> Path:
    """Return where a definition first varies a dimension."""
    path = tuple(dimension.split("."))
    index = next(index for index, arm in enumerate(experiment.arms) if path[0] in arm.settings)
    return (*_settings(index), *path)


def _of_route_itself(path: Path, variants: Mapping[str, RouteVariant]) -> Path:
    """Return the path of a route in place of that of a variant of it."""
    variant = variants.get(str(path[1])) if path[:1] == ("routes",) and len(path) > 1 else None
    return path if variant is None else ("routes", variant.route, *path[2:])


def _of_definition(error: ConfigError, experiment: Experiment, variants: Mapping[str, RouteVariant]) -> ConfigError:
    """Return an error of a configuration with variants as one of the definition that it follows from."""
    variant = variants.get(str(error.path[1])) if error.path[:1] == ("routes",) and len(error.path) > 1 else None
    arms = frozenset[Assignment]() if variant is None else variant.arms
    names = {each.arm for each in arms if each.experiment == experiment.name}
    index = next((index for index, arm in enumerate(experiment.arms) if arm.name in names), None)
    if index is None:
        return ConfigError(("arms",), f"{dotted(error.path)}: {error.message}")
    rest = error.path[2:]
    if rest and rest[0] in experiment.arms[index].settings:
        return ConfigError((*_settings(index), *rest), error.message)
    return ConfigError(_settings(index), f"{dotted(rest)} of the route: {error.message}" if rest else error.message)


def _located(errors: Iterable[ConfigError], experiment: Experiment) -> Sequence[ConfigError]:
    """Return errors with the lines of the definition, each once."""
    file = parse(experiment.definition, experiment.name)
    return tuple(dict.fromkeys(ConfigError(each.path, each.message, file.origin(each.path)) for each in errors))

"""Rules for fallback tables that a row alone cannot express: what its cause, or its route, rules out."""

from collections.abc import Iterator
from dataclasses import replace

from groundwire_server.app.configuration.errors import ConfigError
from groundwire_server.app.configuration.fallbacks import FALLBACKS
from groundwire_server.app.configuration.limit_rules import priced_models
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.domain.fallback import Obstacle, never_on
from groundwire_server.domain.policy import Policy

_ADVICE = {
    Obstacle.ONE_MODEL: "name another in models, or leave it out",
    Obstacle.NO_FREE_MODEL: "add a model without a price, or leave it out",
    Obstacle.NO_REVIEWERS: "set review.enabled of the route, and records.enabled, or leave it out",
    Obstacle.NO_QUEUE: "set queue.enabled, also of the route, and records.enabled, or leave it out",
}
"""What can be done about an obstacle beside leaving the action out."""


def check_fallbacks(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each action in a row that an operator wrote and that could never be taken.

    In the rows built in such an action is passed over: they hold for every route.
    """
    for name, route in configuration.routes.items():
        policy = route_policy(configuration, name)
        for cause, row in route.fallbacks.items():
            for action in row if row != FALLBACKS[cause] else ():
                obstacle = never_on(action, cause, policy)
                if obstacle is not None:
                    advice = _ADVICE.get(obstacle, "leave it out")
                    path = ("routes", name, "fallbacks", cause.value)
                    yield ConfigError(path, f"{action} could never be taken: {obstacle.value}; {advice}")


def route_policy(configuration: Configuration, name: str) -> Policy:
    """Return the policy of a route as far as the configuration alone decides it."""
    policy = configuration.routes[name].policy(name, priced_models(configuration), configuration.records.retention)
    return replace(
        policy,
        queue=policy.queue and configuration.queues,
        review=policy.review if configuration.records.enabled else None,
    )

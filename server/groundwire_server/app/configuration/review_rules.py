"""Rules for reviews that a route's section alone cannot express: what they need beside it."""

from collections.abc import Iterator

from groundwire_server.app.configuration.errors import ConfigError, Path, check_tenant, not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.domain.vocabulary import StreamMode


def check_reviews(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each route whose reviews, or whose answers kept for feedback, have no place or no sense."""
    for name, route in configuration.routes.items():
        path: Path = ("routes", name)
        if not configuration.records.enabled:
            if route.review.enabled:
                yield ConfigError((*path, "review", "enabled"), "reviews are kept in records: set records.enabled")
            if route.feedback.keep_share:
                yield ConfigError((*path, "feedback", "keep_share"), "answers are kept in records: set records.enabled")
        elif route.review.enabled and not configuration.queue.enabled:
            yield ConfigError((*path, "review", "enabled"), "callers wait for an operation: set queue.enabled")
        given = route.review.model_fields_set
        if given and "enabled" not in given:
            # Settings for reviews that nobody holds look like a policy, and every answer leaves.
            message = "no answer is reviewed without it: set true, or false to keep these settings for later"
            yield ConfigError((*path, "review", "enabled"), message)
        if route.review.enabled:
            yield from _check_review((*path, "review"), route)


def check_ticketing(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each ticketing system that no review can reach, or that has a secret of another's."""
    section = configuration.reviews
    if section.callbacks and configuration.gateway.listen is None:
        yield ConfigError(("reviews", "callbacks"), "calls come by the gateway: set gateway.listen")
    secrets: dict[str, str] = {}
    for name, callback in section.callbacks.items():
        path: Path = ("reviews", "callbacks", name)
        yield from check_tenant((*path, "tenant"), callback.tenant, configuration.tenants)
        other = secrets.setdefault(callback.secret.reveal(), name)
        if other != name:
            yield ConfigError((*path, "secret"), f"is that of {other}: give each a secret of its own")
    for name, webhook in section.webhooks.items():
        for index, tenant in enumerate(webhook.tenants):
            yield from check_tenant(("reviews", "webhooks", name, "tenants", index), tenant, configuration.tenants)


def _check_review(path: Path, route: RouteConfig) -> Iterator[ConfigError]:
    review = route.review
    used = {use.guard for uses in route.screens.uses.values() for use in uses}
    for guard in sorted(review.guards - used):
        yield ConfigError((*path, "guards"), not_among(guard, used, "no screen of the route has a guard of this name"))
    expected = review.expected_within_seconds
    if expected is not None and expected > review.answer_within_seconds:
        yield ConfigError((*path, "expected_within_seconds"), "must be at most answer_within_seconds")
    if route.mode is StreamMode.PROVISIONAL and _holds_back(route):
        yield ConfigError(
            (*path[:-1], "mode"), "with PROVISIONAL text leaves before a reviewer has seen it: use CHECKED"
        )


def _holds_back(route: RouteConfig) -> bool:
    """Return whether answers wait that are as the route wants them."""
    return route.policy("").holds_back

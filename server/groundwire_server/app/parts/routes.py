"""Putting a route together: its policy, and the parts of the configuration that it works with."""

from collections.abc import Mapping
from dataclasses import replace

from groundwire_server.app.parts.parts import Parts
from groundwire_server.app.parts.queue import ProcessQueue
from groundwire_server.app.parts.store import Store
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.experiments.assignment import RouteTraffic
from groundwire_server.domain.experiments.experiment import Assignment
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.residency import within
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.caching.single_flight import SingleFlight
from groundwire_server.pipeline.caching.stamp import RouteStamp
from groundwire_server.pipeline.routes import Ports, RewriteModel, Route, RouteCache, RouteReviews, ShadowModel
from groundwire_server.ports.call_recordings import RecordingSink
from groundwire_server.ports.prompts import Prompts


def with_variants(made: Mapping[str, Route], traffic: Mapping[str, RouteTraffic]) -> dict[str, Route]:
    """Return the routes among some routes and variants, each with its own variants."""
    variants: dict[str, dict[frozenset[Assignment], Route]] = {}
    for each in made.values():
        if each.policy.arms:
            variants.setdefault(each.policy.route, {})[each.policy.arms] = each
    return {
        name: replace(route, traffic=traffic.get(name), variants=variants.get(name, {}))
        for name, route in made.items()
        if not route.policy.arms
    }


def composed_route(
    name: str,
    policy: Policy,
    store: Store,
    parts: Parts,
    prompts: Prompts,
    check: AclRecheck,
    rules: RuleChecker,
    queue: ProcessQueue | None,
    flights: SingleFlight,
    reviews: RouteReviews | None,
    recordings: RecordingSink | None = None,
) -> Route:
    """Return a route, or a variant of one, that holds no models but those that it may ask."""
    chain = within(policy.models, parts.residencies, self_hosted_only=policy.self_hosted_only)
    generators = {alias: parts.generators[alias] for alias in chain}
    ports = Ports(
        store.retriever,
        store.embedder,
        prompts,
        generators,
        check,
        rules,
        parts.prices,
        parts.identities,
        parts.limits.budget,
        reranker=parts.rerankers.get(name),
        checker=parts.checkers.get(name),
        shadow=_shadow(policy, parts),
        rewriter=_rewriter(name, policy, parts),
        screens=parts.screens.get(name, {}),
        queue=None if queue is None else queue.accepted,
        reviews=None if policy.review is None else reviews,
        context=parts.context,
        recordings=recordings,
        tokens=parts.tokens,
    )
    routing = tuple(narrowed for rule in policy.routing if (narrowed := rule.within(chain)) is not None)
    cache = _cache(name, policy, ports, parts, flights)
    return Route(
        replace(
            policy,
            models=chain,
            priced=frozenset(parts.prices).intersection(chain),
            routing=routing,
            queue=policy.queue and queue is not None,
            cache=None if cache is None else policy.cache,
            review=None if reviews is None else policy.review,
        ),
        replace(ports, cache=cache),
    )


def _cache(name: str, policy: Policy, ports: Ports, parts: Parts, flights: SingleFlight) -> RouteCache | None:
    """Return where a route's answers are kept; None where none are."""
    if parts.answer_cache is None or policy.cache is None:
        return None
    stamp = RouteStamp(ports, parts.answer_settings.get(name, {}))
    return RouteCache(parts.answer_cache, stamp.of, flights)


def _rewriter(name: str, policy: Policy, parts: Parts) -> RewriteModel | None:
    """Return the model that rewrites a route's questions; None where its callers' questions may not reach it."""
    if policy.rewrite is None:
        return None
    reached = within((policy.rewrite.model,), parts.residencies, self_hosted_only=policy.self_hosted_only)
    return parts.rewriters.get(name) if reached else None


def _shadow(policy: Policy, parts: Parts) -> ShadowModel | None:
    """Return the model that is compared with those of a route; None where its callers' questions may not reach it."""
    shadow = parts.shadows.get(policy.route)
    if shadow is None:
        return None
    reached = within((shadow.policy.model,), parts.residencies, self_hosted_only=policy.self_hosted_only)
    return shadow if reached else None

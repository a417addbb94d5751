"""Which route, or which variant of it, answers a call."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.experiments.assignment import RouteTraffic
from groundwire_server.domain.experiments.experiment import (
    Arm,
    ArmEnd,
    Assignment,
    Experiment,
    ExperimentUnit,
    RampStep,
)
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Priority
from groundwire_server.pipeline.routes import Route, RouteTable, SelfHostedRoutes
from tests.doubles.policies import built_in_policy

START: Final = datetime(2026, 12, 1, tzinfo=UTC)
NOW: Final = START + timedelta(days=1)
POLICY: Final = built_in_policy()
EXPERIMENT: Final = Experiment(
    name="e",
    route="default",
    unit=ExperimentUnit.END_USER,
    arms=(Arm("control", 50.0), Arm("candidate", 50.0, {"limits": {"top_k": 3}})),
    ramp=(RampStep(0.0, 100.0),),
    start=START,
    definition="",
)
CANDIDATE: Final = Assignment("e", "candidate")
ACME: Final = Caller("acme", "app")


class Parts:
    """What a route works with, told apart by nothing but itself."""


def route(experiment: Experiment = EXPERIMENT, **changes: Any) -> Route:
    """A route with a variant for the treatment."""
    parts: list[Any] = [Parts(), Parts()]
    arms = frozenset({CANDIDATE})
    policy = replace(POLICY, **changes)
    variant = Route(replace(policy, top_k=3, arms=arms), parts[1])
    return Route(policy, parts[0], RouteTraffic((experiment,)), {arms: variant})


def table(made: Route, now: datetime = NOW, **others: Any) -> RouteTable:
    return RouteTable({"default": made}, today=lambda: now, **others)


def question(end_user: str = "user-1", **given: Any) -> Question:
    return Question("default", "What?", "r", end_user_id=end_user, **given)


def asked(routes: RouteTable, *assignments: Assignment) -> Inquiry:
    return routes.inquiry(question(), ACME, 0.0, None, assignments=tuple(assignments))


def users(routes: RouteTable, arm: str) -> str:
    """An end user of an arm."""
    named = (f"user-{number}" for number in range(100))
    return next(user for user in named if routes.assigned(question(user), ACME) == (Assignment("e", arm),))


def test_a_call_is_answered_by_the_variant_of_its_arm() -> None:
    made = route()
    routes = table(made)

    for arm, expected in {"control": made, "candidate": made.variants[frozenset({CANDIDATE})]}.items():
        user = question(users(routes, arm))
        inquiry = routes.inquiry(user, ACME, 0.0, None, assignments=routes.assigned(user, ACME))
        assert inquiry.policy is expected.policy
        assert routes.ports(inquiry) is expected.ports
        assert inquiry.experiment_arm == f"e/{arm}"
        assert inquiry.policy.route == "default"


def test_a_call_without_arms_is_answered_by_the_route() -> None:
    made = route()
    routes = table(made)

    inquiry = asked(routes)

    assert (inquiry.policy, routes.ports(inquiry), inquiry.assignments) == (made.policy, made.ports, ())
    assert routes.assigned(question(""), ACME) == ()
    assert routes.assigned(question(priority=Priority.EVALUATION), ACME) == ()


@pytest.mark.parametrize(
    ("changes", "now"),
    [
        ({"ended_arms": (ArmEnd("candidate", START, "", None, ""),)}, NOW),
        ({"end": NOW}, NOW),
        ({"name": "another"}, NOW),
    ],
    ids=["the arm has ended", "the experiment is over", "the experiment is gone"],
)
def test_arms_that_are_older_than_the_experiment_are_kept_and_the_route_answers(
    changes: dict[str, Any], now: datetime
) -> None:
    made = route(replace(EXPERIMENT, **changes))
    routes = table(made, now)

    inquiry = asked(routes, CANDIDATE)

    assert (inquiry.policy, inquiry.assignments) == (made.policy, (CANDIDATE,))
    assert routes.ports(inquiry) is made.ports


def test_a_variant_that_is_gone_is_the_route() -> None:
    made = replace(route(), variants={})

    assert asked(table(made), CANDIDATE).policy is made.policy


def test_limits_of_a_requester_hold_for_variants_too() -> None:
    def limited(inquiry: Inquiry) -> Inquiry:
        return replace(inquiry, policy=replace(inquiry.policy, passages_limit=1))

    made = route()
    routes = table(made, limited=limited)

    inquiry = asked(routes, CANDIDATE)

    assert (inquiry.policy.passages_limit, inquiry.policy.top_k) == (1, 3)
    assert routes.ports(inquiry) is made.variants[frozenset({CANDIDATE})].ports


def test_tenants_with_routes_of_their_own_have_variants_of_their_own() -> None:
    inside, outside = route(self_hosted_only=True), route()
    routes = table(outside, self_hosted=SelfHostedRoutes(frozenset({"acme"}), {"default": inside}))

    inquiry = asked(routes, CANDIDATE)

    assert inquiry.policy.self_hosted_only
    assert routes.ports(inquiry) is inside.variants[frozenset({CANDIDATE})].ports


def test_a_caller_sees_routes_and_no_variants() -> None:
    made = route()

    assert list(table(made).policies(ACME)) == [made.policy]
    assert table(made).policy("acme", "default", [CANDIDATE]) is made.variants[frozenset({CANDIDATE})].policy
    assert table(made).policy("acme", "faq", [CANDIDATE]) is None


def test_an_unknown_route_is_refused() -> None:
    with pytest.raises(Rejection):
        table(route()).assigned(replace(question(), route="faq"), ACME)

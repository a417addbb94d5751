"""A route's rules on the whole path: which models are asked, and what says so."""

import pytest

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.outcome import Answered, Degraded
from groundwire_server.domain.routing import RoutingCondition, RoutingRule
from groundwire_server.domain.vocabulary import Action, Cause, Loss
from groundwire_server.telemetry import names
from tests.doubles.budget import SetBudget
from tests.doubles.generator import DONE, Move, draft
from tests.pipeline.running import FIRST, path
from tests.pipeline.samples import ask

GOOD: list[Move] = [*draft((FIRST, ["p1"])), DONE]
SHORT = RoutingRule("short", ("model-2",), RoutingCondition(max_chars=len(ask().text)))
LONG = RoutingRule("long", ("model-1",), RoutingCondition(min_chars=len(ask().text) + 1))


async def test_the_rule_that_holds_chooses_the_first_model_and_the_report_names_it() -> None:
    made = await path(GOOD, GOOD, routing=(LONG, SHORT))
    outcome = await made.ask(None)
    assert isinstance(outcome.result, Answered), "no other model has failed"
    assert (outcome.report.model, outcome.report.routing_rule) == ("model-2", "short")
    named = [each.name for each in made.spans.finished if (each.attributes or {}).get(names.ROUTING_RULE) == "short"]
    assert named == ["groundwire.normalize"]


async def test_without_a_rule_that_holds_the_route_asks_its_models_and_names_none() -> None:
    made = await path(GOOD, GOOD, routing=(LONG,))
    outcome = await made.ask(None)
    assert (outcome.report.model, outcome.report.routing_rule) == ("model-1", "")
    assert not [each for each in made.spans.finished if names.ROUTING_RULE in (each.attributes or {})]


async def test_fallbacks_stay_within_the_models_of_the_rule() -> None:
    row = {Cause.MODEL_UNAVAILABLE: (Action.NEXT_MODEL, Action.PASSAGES_ONLY)}
    alone = await path(GOOD, [Failure(Cause.MODEL_UNAVAILABLE)], routing=(SHORT,), fallbacks=row)
    result = (await alone.ask(None)).result
    assert isinstance(result, Degraded)
    assert result.losses == (Loss.ANSWER,)
    both = RoutingRule("short", ("model-2", "model-1"))
    made = await path(GOOD, [Failure(Cause.MODEL_UNAVAILABLE)], routing=(both,), fallbacks=row)
    outcome = await made.ask(None)
    assert [each.model for each in outcome.report.attempts] == ["model-2", "model-1"]


@pytest.mark.parametrize(("spent", "model"), [(0, "model-1"), (95, "model-2")])
async def test_a_rule_looks_at_what_is_left_of_the_days_budget(spent: int, model: str) -> None:
    budget = SetBudget(100)
    budget.spent = spent
    thrifty = RoutingRule("thrifty", ("model-2",), RoutingCondition(budget_left_below=0.1))
    made = await path(GOOD, GOOD, routing=(thrifty,), budget=budget)
    assert (await made.ask(None)).report.model == model


async def test_without_a_rule_about_it_nobody_looks_at_the_budget() -> None:
    class Unasked(SetBudget):
        async def left_today(self, requester: object) -> float | None:
            raise AssertionError("looked at")

    made = await path(GOOD, GOOD, routing=(SHORT,), budget=Unasked())
    assert (await made.ask(None)).report.model == "model-2"

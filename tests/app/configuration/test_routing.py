"""Rules that choose models: those that could never choose are refused, with their place and the reason."""

from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from groundwire_server.domain.routing import Hours, RoutingCondition, RoutingRule
from groundwire_server.domain.vocabulary import Priority
from tests.app.configuration.reading import errors, loaded

FILE = """tenants: [acme, inside]
providers: {{away: {{kind: openai, base_url: "http://127.0.0.1:9/v1"}}}}
models:
  large: {{kind: openai, provider: away, model: large, price: {{input: 1, output: 2}}}}
  extractive: {{}}
limits: {{{limits}}}
routes:
  default:
    store: main
    models: [large, extractive]
    {route}
    routing:
      {rules}
"""
PLACE = "groundwire.yaml:13: routes.default.routing"


def file(*rules: str, limits: str = "", route: str = "mode: CHECKED") -> str:
    return FILE.format(rules="\n      ".join(f"- {{{rule}}}" for rule in rules), limits=limits, route=route)


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("name: a, models: [huge]",
         "[0].models[0]: is not among the models of the route; there are: extractive, large"),
        ("name: a, models: [large, large]", "[0].models: names a model twice: each is asked at most once"),
        ("name: a, models: [large], when: {question_chars: {min: 9, max: 8}}",
         "[0].when.question_chars: can never hold: min is above max"),
        ("name: a, models: [large], when: {question_chars: {min: 3000}}",
         "[0].when.question_chars.min: can never hold: routes.default.limits.question_chars is 2000"),
        ("name: a, models: [large], when: {tenants: [acne]}",
         "[0].when.tenants: acne can never hold: there is no such tenant; did you mean acme? there are: acme, inside"),
        ("name: a, models: [large], when: {budget_left_below: 0.2}",
         "[0].when.budget_left_below: can never hold: no limit of the route has cost_per_day"),
        ('name: a, models: [large], when: {end_users: [""]}', "[0].when.end_users[0]: must not be empty"),
        ('name: a, models: [large], when: {hours: {start: "24:00", end: "08:00"}}',
         "[0].when.hours.start: must be a time from 00:00 to 23:59, such as 08:00"),
        ('name: a, models: [large], when: {hours: {start: "18:00", end: "08:00", zone: Mars/Base}}',
         "[0].when.hours.zone: is not a time zone that this system knows: use one such as UTC or Europe/Berlin"),
    ],
)  # fmt: skip
def test_a_rule_that_could_never_choose_is_one_line(tmp_path: Path, rule: str, line: str) -> None:
    assert errors(tmp_path, file(rule)) == [f"{PLACE}{line}"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("models: [large]", "models: [extractive], when: {tasks: [lookup]}"),
        ("models: [large], when: {tasks: [lookup]}", "models: [extractive], when: {tasks: [lookup]}"),
        (
            "models: [large], when: {question_chars: {max: 100}}",
            "models: [extractive], when: {question_chars: {max: 50}, tenants: [acme]}",
        ),
    ],
    ids=["always", "the same", "wherever the other does"],
)
def test_a_rule_after_one_that_holds_wherever_it_does_is_refused(tmp_path: Path, first: str, second: str) -> None:
    (line,) = errors(tmp_path, file(f"name: a, {first}", f"name: b, {second}"))
    assert line.removeprefix("groundwire.yaml:14: ") == (
        "routes.default.routing[1]: can never be reached: a before it holds wherever this one does"
    )


def test_two_rules_of_one_name_are_refused(tmp_path: Path) -> None:
    rules = ("name: a, models: [large], when: {tasks: [x]}", "name: a, models: [large], when: {tasks: [y]}")
    (line,) = errors(tmp_path, file(*rules))
    assert line.endswith("routing[1].name: is that of another rule of the route: choose another")


def test_a_route_that_asks_no_hosted_model_has_no_rule_of_hosted_models_alone(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, file("name: a, models: [large]", route="self_hosted_only: true"))
    assert line == f"{PLACE}[0].models: are all hosted, and self_hosted_only bars them: add one that is not"


def test_every_condition_reaches_the_pipeline(tmp_path: Path) -> None:
    when = (
        "question_chars: {min: 2, max: 80}, tasks: [lookup], tenants: [acme], end_users: [eve], end_user_share: 0.5, "
        'hours: {start: "22:00", end: "06:00", weekdays: [FRIDAY], zone: Europe/Berlin}, budget_left_below: 0.2, '
        "has_turns: false, priorities: [BACKGROUND]"
    )
    text = file(f"name: a, models: [extractive], when: {{{when}}}", limits="all: {cost_per_day: 5}")
    (rule,) = loaded(tmp_path, text).configuration.routes["default"].policy("default").routing
    night = Hours(time(22), time(6), frozenset({4}), ZoneInfo("Europe/Berlin"))
    assert rule == RoutingRule(
        "a",
        ("extractive",),
        RoutingCondition(
            2,
            80,
            frozenset({"lookup"}),
            frozenset({"acme"}),
            frozenset({"eve"}),
            0.5,
            night,
            0.2,
            has_turns=False,
            priorities=frozenset({Priority.BACKGROUND}),
        ),
    )
    assert night.include(datetime(2026, 11, 27, 21, 30, tzinfo=UTC))

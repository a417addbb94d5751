"""Rules that choose models: which holds, and which could never be reached."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from groundwire_server.domain.routing import Hours, QuestionFacts, RoutingCondition, RoutingRule, chosen
from groundwire_server.domain.vocabulary import Priority

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 11, 27, 11, 30, tzinfo=UTC)
EVERY_DAY = frozenset(range(7))
FACTS = QuestionFacts(40, "lookup", "acme", "visitor-1", has_turns=False, priority=Priority.INTERACTIVE, at=FRIDAY)
OFFICE = Hours(time(8), time(18), frozenset(range(5)), BERLIN)
NIGHT = Hours(time(22), time(6), frozenset({4}), UTC)
SATURDAY = Hours(time(0), time(0), frozenset({5}), UTC)
ALWAYS = Hours(time(9), time(9), EVERY_DAY, UTC)


@pytest.mark.parametrize(
    ("condition", "changes", "holds"),
    [
        ({}, {}, True),
        ({"max_chars": 40}, {}, True),
        ({"max_chars": 39}, {}, False),
        ({"min_chars": 40}, {}, True),
        ({"min_chars": 41}, {}, False),
        ({"tasks": frozenset({"lookup"})}, {}, True),
        ({"tasks": frozenset({"lookup"})}, {"task": ""}, False),
        ({"tenants": frozenset({"acme"})}, {"tenant": "other"}, False),
        ({"end_users": frozenset({"visitor-1"})}, {}, True),
        ({"end_users": frozenset({"visitor-1"})}, {"end_user": ""}, False),
        ({"end_user_share": 1.0}, {}, True),
        ({"end_user_share": 1.0}, {"end_user": ""}, False),
        ({"has_turns": False}, {}, True),
        ({"has_turns": False}, {"has_turns": True}, False),
        ({"has_turns": True}, {"has_turns": True}, True),
        ({"priorities": frozenset({Priority.BACKGROUND})}, {}, False),
        ({"budget_left_below": 0.2}, {"budget_left": 0.19}, True),
        ({"budget_left_below": 0.2}, {"budget_left": 0.2}, False),
        ({"budget_left_below": 0.2}, {"budget_left": None}, False),
        ({"max_chars": 40, "tenants": frozenset({"other"})}, {}, False),
        ({"hours": OFFICE}, {}, True),
    ],
)
def test_a_rule_holds_where_all_of_its_conditions_do(
    condition: dict[str, Any], changes: dict[str, Any], holds: bool
) -> None:
    assert RoutingCondition(**condition).holds_for(replace(FACTS, **changes)) is holds


@pytest.mark.parametrize(
    ("hours", "at", "inside"),
    [
        (OFFICE, datetime(2026, 11, 27, 7, 0, tzinfo=UTC), True),  # 8:00 in Berlin
        (OFFICE, datetime(2026, 11, 27, 6, 59, 59, tzinfo=UTC), False),
        (OFFICE, datetime(2026, 11, 27, 17, 0, tzinfo=UTC), False),  # 18:00 in Berlin
        (OFFICE, datetime(2026, 7, 3, 6, 0, tzinfo=UTC), True),  # 8:00 in Berlin, in summer
        (OFFICE, datetime(2026, 11, 28, 11, 0, tzinfo=UTC), False),  # Saturday
        (NIGHT, datetime(2026, 11, 27, 22, 0, tzinfo=UTC), True),
        (NIGHT, datetime(2026, 11, 28, 5, 59, tzinfo=UTC), True),  # Saturday, of the night that began on Friday
        (NIGHT, datetime(2026, 11, 28, 6, 0, tzinfo=UTC), False),
        (NIGHT, datetime(2026, 11, 27, 5, 59, tzinfo=UTC), False),  # of Thursday's
        (NIGHT, datetime(2026, 11, 28, 22, 0, tzinfo=UTC), False),
        (SATURDAY, datetime(2026, 11, 27, 23, 59, 59, tzinfo=UTC), False),
        (SATURDAY, datetime(2026, 11, 28, 0, 0, tzinfo=UTC), True),
        (SATURDAY, datetime(2026, 11, 28, 23, 59, 59, tzinfo=UTC), True),
        (SATURDAY, datetime(2026, 11, 29, 0, 0, tzinfo=UTC), False),
        # The night in which Berlin's clocks went from 3:00 back to 2:00.
        (replace(NIGHT, weekdays=frozenset({5}), zone=BERLIN), datetime(2026, 10, 25, 4, 59, tzinfo=UTC), True),
        (replace(NIGHT, weekdays=frozenset({5}), zone=BERLIN), datetime(2026, 10, 25, 5, 0, tzinfo=UTC), False),
    ],
)
def test_hours_are_of_their_zone_and_a_night_belongs_to_the_day_on_which_it_begins(
    hours: Hours, at: datetime, inside: bool
) -> None:
    assert hours.include(at) is inside


@pytest.mark.parametrize(
    ("one", "other", "covers"),
    [
        (NIGHT, Hours(time(23), time(23, 30), frozenset({4}), UTC), True),
        (NIGHT, Hours(time(1), time(5), frozenset({5}), UTC), True),  # the morning after
        (NIGHT, Hours(time(1), time(5), frozenset({4}), UTC), False),
        (SATURDAY, Hours(time(8), time(18), frozenset({5}), UTC), True),
        (SATURDAY, Hours(time(22), time(6), frozenset({5}), UTC), False),
        (Hours(time(0), time(23, 59), EVERY_DAY, UTC), ALWAYS, False),
        (ALWAYS, OFFICE, True),
        (SATURDAY, replace(SATURDAY, zone=BERLIN), False),
    ],
)
def test_hours_cover_others_by_the_minute(one: Hours, other: Hours, covers: bool) -> None:
    assert one.cover(other) is covers


def test_the_first_rule_that_holds_chooses() -> None:
    rules = (
        RoutingRule("long", ("large",), RoutingCondition(min_chars=100)),
        RoutingRule("short", ("small", "large"), RoutingCondition(max_chars=99)),
        RoutingRule("rest", ("large",)),
    )
    assert chosen(rules, FACTS) == rules[1]
    assert chosen(rules[:1], FACTS) is None


def test_a_rule_keeps_the_models_that_may_be_asked_in_its_order() -> None:
    rule = RoutingRule("short", ("small", "large"))
    assert rule.within(("large", "small", "own")) == rule
    assert rule.within(("own", "small")) == RoutingRule("short", ("small",))
    assert rule.within(("own",)) is None


times = some.times().map(lambda each: each.replace(microsecond=0, second=0))
words = some.frozensets(some.sampled_from(["a", "b", "c"]), min_size=1)
hours = some.builds(
    Hours, times, times, some.frozensets(some.integers(0, 6), min_size=1), some.sampled_from([UTC, BERLIN])
)
shares = some.sampled_from([0.1, 0.3, 0.5, 1.0])
conditions = some.builds(
    RoutingCondition,
    min_chars=some.integers(0, 30),
    max_chars=some.none() | some.integers(30, 60),
    tasks=some.none() | words,
    tenants=some.none() | words,
    end_users=some.none() | words,
    end_user_share=some.none() | shares,
    hours=some.none() | hours,
    budget_left_below=some.none() | shares,
    has_turns=some.none() | some.booleans(),
    priorities=some.none() | some.frozensets(some.sampled_from(Priority), min_size=1),
)
facts = some.builds(
    QuestionFacts,
    some.integers(0, 70),
    some.sampled_from(["", "a", "b"]),
    some.sampled_from(["a", "b", "c"]),
    some.sampled_from(["", "a", "b"]),
    has_turns=some.booleans(),
    priority=some.sampled_from(Priority),
    at=some.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=some.just(UTC)),  # noqa: DTZ001  # naive bounds
    budget_left=some.none() | some.floats(0, 1),
)


@given(conditions, conditions, facts)
def test_a_rule_that_is_covered_holds_nowhere_else(one: RoutingCondition, other: RoutingCondition, at: Any) -> None:
    if one.covers(other) and other.holds_for(at):
        assert one.holds_for(at)


@given(conditions, some.data())
def test_a_condition_covers_itself_and_all_that_are_narrower(
    condition: RoutingCondition, data: some.DataObject
) -> None:
    assert condition.covers(condition)
    assert RoutingCondition().covers(condition)
    narrower = replace(
        condition,
        min_chars=condition.min_chars + data.draw(some.integers(0, 5)),
        tasks=condition.tasks or data.draw(words),
        priorities=condition.priorities or frozenset({Priority.BACKGROUND}),
    )
    assert condition.covers(narrower)


@given(facts, shares, shares)
def test_who_is_in_a_share_stays_in_a_larger_one(at: QuestionFacts, one: float, other: float) -> None:
    smaller, larger = sorted((one, other))
    if RoutingCondition(end_user_share=smaller).holds_for(at):
        assert RoutingCondition(end_user_share=larger).holds_for(at)


def test_a_share_takes_about_that_many_end_users_and_others_at_each_tenant() -> None:
    def taken(tenant: str) -> set[int]:
        condition = RoutingCondition(end_user_share=0.25)
        people = {number: replace(FACTS, tenant=tenant, end_user=f"visitor-{number}") for number in range(2000)}
        return {number for number, each in people.items() if condition.holds_for(each)}

    assert 420 < len(taken("acme")) < 580
    assert taken("acme") != taken("other")


@given(hours, some.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=some.just(UTC)))  # noqa: DTZ001
def test_a_moment_lies_in_hours_or_in_the_rest_of_the_day(each: Hours, at: datetime) -> None:
    always = replace(each, weekdays=EVERY_DAY)
    rest = replace(always, start=each.end, end=each.start)
    assert always.include(at) is (each.start == each.end or not rest.include(at))
    assert always.include(at + timedelta(0)) or not each.include(at)

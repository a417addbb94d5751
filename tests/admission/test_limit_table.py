"""Which limits hold for a call, and what they make of it."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from groundwire_server.admission.limit_table import LimitTable
from groundwire_server.domain.admission import Work
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.limits import LimitRow
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import LimitKind, LimitScope, Priority
from tests.admission.limiting import ADA, row
from tests.doubles.policies import built_in_policy

DEFAULT: Mapping[str, object] = {"default": True, "per": frozenset({LimitScope.TENANT})}


def inquiry(seconds: float = 30.0, **asked: object) -> Inquiry:
    question = replace(Question(text="Who?", request_id="1", route="default", end_user_id="visitor-1"), **asked)  # type: ignore[arg-type]
    return Inquiry(question, Caller("acme", "ada"), built_in_policy(), 100.0, Deadline(100.0 + seconds))


def held(table: LimitTable, **changes: str) -> dict[str, float]:
    return {limit.name: limit.most for limit in table.all_of(replace(ADA, **changes))}  # type: ignore[arg-type]


def test_a_row_that_names_a_tenant_takes_the_place_of_the_default_limit_by_limit() -> None:
    table = LimitTable(
        (
            row("all", requests_per_minute=10, concurrent_calls=4, scopes=DEFAULT),
            row("acme", requests_per_minute=99, scopes={"tenant": "acme"}),
        )
    )
    assert held(table) == {"all.concurrent_calls": 4, "acme.requests_per_minute": 99}
    assert held(table, tenant="globex") == {"all.concurrent_calls": 4, "all.requests_per_minute": 10}


def test_a_row_in_shadow_takes_no_defaults_place() -> None:
    theirs = row("acme", requests_per_minute=5, shadow=True, scopes={"tenant": "acme"})
    assert held(LimitTable((row("all", requests_per_minute=10, scopes=DEFAULT), theirs))) == {
        "all.requests_per_minute": 10,
        "acme.requests_per_minute": 5,
    }


@pytest.mark.parametrize(
    "narrower",
    [
        {"per": frozenset({LimitScope.END_USER})},
        {"per": frozenset({LimitScope.ROUTE})},
        {"end_user": "visitor-1"},
        {"subject": "ada"},
        {"route": "default"},
        {"work": frozenset({Work.ANSWER})},
    ],
)
def test_a_count_of_some_calls_of_a_tenant_takes_no_place_of_that_of_all(narrower: dict[str, object]) -> None:
    theirs = row("acme", requests_per_minute=5, question_chars=9, scopes={"tenant": "acme", **narrower})
    table = LimitTable((row("all", requests_per_minute=10, question_chars=5, scopes=DEFAULT), theirs))
    assert held(table) == {"all.requests_per_minute": 10, "acme.requests_per_minute": 5, "acme.question_chars": 9}


def test_each_tenant_has_a_count_of_its_own_under_the_default() -> None:
    table = LimitTable((row("all", requests_per_minute=10, scopes=DEFAULT),))
    keys = {table.counted(replace(ADA, tenant=tenant), Work.ANSWER).limits[0].key for tenant in ("acme", "globex")}
    assert len(keys) == 2


def test_no_names_make_the_count_of_others() -> None:
    """Whatever subjects are called: what separates the parts of a key is in no name."""
    table = LimitTable(
        (row(requests_per_minute=1, scopes={"per": frozenset({LimitScope.SUBJECT, LimitScope.END_USER})}),)
    )
    pairs = [("a", "b"), ("a:b", ""), ("", "a:b"), ("ab", ""), ("b", "a")]
    keys = {table.counted(replace(ADA, subject=one, end_user=two), Work.ANSWER).limits[0].key for one, two in pairs}
    assert len(keys) == len(pairs)


@pytest.mark.parametrize(
    ("work", "route", "kinds"),
    [
        (Work.ANSWER, "default", {"requests_per_minute", "tokens_per_minute", "cost_per_day"}),
        (Work.ANSWER, "free", {"requests_per_minute", "tokens_per_minute"}),
        (Work.SEARCH, "default", {"requests_per_minute"}),
        (Work.CHECK, "default", {"requests_per_minute"}),
        (Work.INGEST, "", set()),
        (Work.FEEDBACK, "default", set()),
    ],
)
def test_what_a_call_is_refused_for_depends_on_what_it_will_use(work: Work, route: str, kinds: set[str]) -> None:
    rows = (row(requests_per_minute=1, tokens_per_minute=9, cost_per_day=9, question_chars=5),)
    table = LimitTable(rows, free_routes=["free"])
    counted = table.counted(replace(ADA, route=route), work)
    assert {limit.name.removeprefix("users.") for limit in counted.limits} == kinds


def test_the_strictest_of_all_rows_that_hold_counts() -> None:
    table = LimitTable(
        (
            row("a", question_chars=500, output_tokens=100, scopes={"tenant": "acme"}),
            row("b", question_chars=400, output_tokens=200, scopes={"route": "default"}),
            row("c", question_chars=1, scopes={"subject": "bob"}),
            row("d", question_chars=2, shadow=True),
        )
    )
    policy = table.apply(inquiry()).policy
    assert (policy.question_limit, policy.output_tokens) == (400, 100)


def test_limits_make_a_routes_own_stricter_and_never_laxer() -> None:
    ours = built_in_policy()
    lax = row(question_chars=4096, passages=64, output_tokens=32_768, timeout_seconds=3600.0, prompt_tokens=1_000_000)
    policy = LimitTable((lax,)).apply(inquiry()).policy
    same = replace(policy, passages_limit=None, prompt_tokens=None)
    assert same == ours


def test_all_that_one_call_may_use_reaches_its_policy() -> None:
    strict = row(
        question_chars=9, passages=2, prompt_tokens=60, output_tokens=20, timeout_seconds=3.0, tokens_per_call=99,
        cost_per_call=7,
    )  # fmt: skip
    policy = LimitTable((strict,)).apply(inquiry()).policy
    assert (policy.question_limit, policy.top_k, policy.passages_limit, policy.evidence_tokens) == (9, 2, 2, 60)
    assert (policy.prompt_tokens, policy.output_tokens, policy.max_deadline) == (60, 20, 3.0)
    assert (policy.default_deadline, policy.tokens_per_call, policy.cost_per_call) == (3.0, 99, 7)


def test_what_the_caller_asks_for_is_cut_to_what_it_may() -> None:
    table = LimitTable((row(passages=4, timeout_seconds=2.0),))
    limited = table.apply(inquiry(top_k=9))
    assert (limited.question.top_k, limited.deadline) == (4, Deadline(102.0))
    assert table.apply(inquiry(top_k=3, seconds=1.0)).question.top_k == 3
    assert table.apply(inquiry(seconds=1.0)).deadline == Deadline(101.0)


@pytest.mark.parametrize(
    ("asked", "allowed", "given"),
    [
        (Priority.INTERACTIVE, Priority.BACKGROUND, Priority.BACKGROUND),
        (Priority.BACKGROUND, Priority.BACKGROUND, Priority.BACKGROUND),
        (Priority.EVALUATION, Priority.BACKGROUND, Priority.EVALUATION),
        (Priority.INTERACTIVE, Priority.INTERACTIVE, Priority.INTERACTIVE),
    ],
)
def test_a_priority_above_the_highest_is_lowered(asked: Priority, allowed: Priority, given: Priority) -> None:
    lowered: LimitRow = replace(row(), max_priority=allowed)
    assert LimitTable((lowered,)).apply(inquiry(priority=asked)).question.priority is given


def test_a_call_that_no_row_holds_for_is_left_as_it_is() -> None:
    call = inquiry()
    assert LimitTable((row(question_chars=1, scopes={"tenant": "globex"}),)).apply(call) is call
    assert LimitTable().apply(call) is call


def test_every_kind_of_limit_is_counted_or_reaches_the_policy() -> None:
    """A limit that a row may have and no code looks at would hold nothing."""
    counted = {
        limit.kind for limit in LimitTable((LimitRow("all", dict.fromkeys(LimitKind, 1)),)).all_of(ADA) if limit.key
    }
    left_out = [
        kind
        for kind in set(LimitKind) - counted
        if LimitTable((LimitRow("one", {kind: 0.5}),)).apply(inquiry()).policy == built_in_policy()
    ]
    assert len(counted) == 6
    assert left_out == []

"""Rows of limits that match nothing, allow nothing, or contradict each other; and what a row comes to."""

from pathlib import Path

import pytest

from groundwire_server.domain.limits import Queue
from groundwire_server.domain.vocabulary import LimitKind, LimitScope
from tests.app.configuration.reading import errors, loaded

PRICED = """
providers: {own: {kind: openai, profile: vllm, base_url: "http://127.0.0.1:8000/v1"}}
models:
  own: {kind: openai, provider: own, model: m, price: {input: 1, output: 2}}
  extractive: {kind: extractive}
"""
ONE = "limits:\n  a: {%s}"


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("route: dfault, requests_per_minute: 1",
         "a.route: there is no route of this name; did you mean default? there is: default"),
        ("requests_per_minute: 0, passages: 1", "a.requests_per_minute: must be at least 1"),
        ("requests_per_minute: -3, passages: 1", "a.requests_per_minute: must be at least 1"),
        ("cost_per_day: 0, passages: 1", "a.cost_per_day: must be above 0"),
        ("timeout_seconds: 0, passages: 1", "a.timeout_seconds: must be above 0"),
        ("mode: ENFORCED", "a: limits nothing: set a limit, such as requests_per_minute"),
        ("subject: ada, requests_per_minute: 1",
         "a.subject: needs `tenant`: names of subjects and end users mean nothing outside one"),
        ("tenant: '*', end_user: eve, requests_per_minute: 1",
         "a.end_user: needs `tenant`: names of subjects and end users mean nothing outside one"),
        ("tenant: acme, subject: ada, per: [SUBJECT], requests_per_minute: 1",
         "a.per: keeps a count for each subject, and the row is for one of them"),
        ("per: [SUBJECT], question_chars: 9", "a.per: keeps counts, and no limit of this row has one"),
        ("requests_per_second: 9, requests_per_minute: 8",
         "a.requests_per_second: can never be reached: requests_per_minute is lower"),
        ("tokens_per_call: 3000, tokens_per_minute: 2000",
         "a.tokens_per_call: can never be reached: tokens_per_minute is lower"),
        ("queue_size: 5, requests_per_minute: 1",
         "a.queue_size: needs concurrent_calls: calls wait for one of them to end"),
        ("queue_seconds: 5, concurrent_calls: 1", "a.queue_seconds: needs queue_size: without it no call waits"),
        ("concurrent_calls: 1, queue_size: 5, queue_seconds: 9, timeout_seconds: 8",
         "a.queue_seconds: can never be reached: timeout_seconds is lower"),
        ("mode: SHADOW, concurrent_calls: 1, queue_size: 5",
         "a.queue_size: cannot be in shadow: it refuses no call, it makes calls wait or use less"),
        ("mode: SHADOW, requests_per_minute: 1, output_tokens: 50",
         "a.output_tokens: cannot be in shadow: it refuses no call, it makes calls wait or use less"),
        ("work: [ingest], question_chars: 9",
         "a.question_chars: holds whatever the work is: put it into a row without `work`"),
        ("work: [], requests_per_minute: 1", "a.work: must not be empty"),
        ("cost_per_day: 5", "a.cost_per_day: needs the price of a model: nothing else costs anything"),
        ("tokens_per_call: 700",
         "a.tokens_per_call: holds no answer of the route default, whose models may write 800 tokens"),
        ("route: default, timeout_seconds: 600",
         "a.timeout_seconds: can never be reached: routes.default.time.max_seconds is lower"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_meant_is_one_line(tmp_path: Path, row: str, line: str) -> None:
    assert errors(tmp_path, ONE % row) == [f"groundwire.yaml:2: limits.{line}"]


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("cost_per_day: 50, cost_per_month: 40", "a.cost_per_day: can never be reached: cost_per_month is lower"),
        ("cost_per_call: 5, cost_per_day: 4", "a.cost_per_call: can never be reached: cost_per_day is lower"),
    ],
)
def test_money_that_contradicts_itself_is_one_line(tmp_path: Path, row: str, line: str) -> None:
    found = errors(tmp_path, PRICED + ONE % row)
    assert [each.partition(": ")[2] for each in found] == [f"limits.{line}"]


def test_a_tenant_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    text = f"tenants: [acme]\n{ONE % 'tenant: acm, requests_per_minute: 1'}"
    line = "limits.a.tenant: there is no tenant of this name; did you mean acme? there is: acme"
    assert errors(tmp_path, text) == [f"groundwire.yaml:3: {line}"]


def test_two_rows_that_match_the_same_calls_are_one_line(tmp_path: Path) -> None:
    text = "limits:\n  a: {tenant: acme, requests_per_minute: 1}\n  b: {tenant: acme, concurrent_calls: 1}\n"
    line = "limits.b: matches the same calls as a: put the limits of both into one row"
    assert errors(tmp_path, text) == [f"groundwire.yaml:3: {line}"]


def test_the_old_key_of_the_daily_limit_names_the_new(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, "spending: {daily_limit: 25}")
    assert line.endswith("spending.daily_limit: was renamed to limits.*.cost_per_day")


def test_what_is_written_is_what_holds(tmp_path: Path) -> None:
    row = "tenant: '*', per: [END_USER], cost_per_day: 2.5, requests_per_minute: 9, concurrent_calls: 2, queue_size: 3"
    found = loaded(tmp_path, PRICED + ONE % row).configuration.limits["a"].row("a")
    assert found.limits == {
        LimitKind.COST_PER_DAY: 2_500_000,
        LimitKind.REQUESTS_PER_MINUTE: 9,
        LimitKind.CONCURRENT_CALLS: 2,
    }
    assert found.queue == Queue(3, float("inf"))
    assert (found.tenant, found.default, found.per) == (None, True, frozenset({LimitScope.TENANT, LimitScope.END_USER}))


def test_without_limits_nothing_is_limited(tmp_path: Path) -> None:
    assert loaded(tmp_path).configuration.limits == {}

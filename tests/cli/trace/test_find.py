"""`groundwire trace find`."""

import json
from collections.abc import Callable
from time import time_ns

import pytest

from tests.cli.conftest import Ran
from tests.cli.trace.recorded import Recording
from tests.doubles.jaeger import Jaeger

Command = Callable[..., Ran]
pytestmark = pytest.mark.usefixtures("url")


def minutes_ago(minutes: float) -> int:
    return time_ns() - round(minutes * 60e9)


@pytest.fixture
def traced(jaeger: Jaeger) -> dict[str, str]:
    """Five calls; their trace ids by what happened in them."""
    calls = {
        "old": Recording(minutes_ago(90)).end(900, "Answered", "ANSWER_VALIDATED", "ANSWER"),
        "slow": Recording(minutes_ago(30)).end(2500, "Answered", "ANSWER_VALIDATED", "ANSWER"),
        "timeout": Recording(minutes_ago(20)).end(2000, "FailedSafe", "MODEL_TIMEOUT", "FAIL_SAFE"),
        "unary": Recording(minutes_ago(10), method="groundwire.v1.AnswerService/Answer").end(
            40, "Abstained", "NO_EVIDENCE", "ABSTAIN"
        ),
        "faq": Recording(minutes_ago(5)).end(
            30, "Answered", "ANSWER_VALIDATED", "ANSWER", **{"groundwire.route": "faq", "groundwire.tenant": "demo"}
        ),
        "search": Recording(minutes_ago(1), method="groundwire.v1.RetrievalService/Retrieve").end(1, "", "", ""),
    }
    for call in calls.values():
        jaeger.add(call.exported)
    return {name: call.trace_id for name, call in calls.items()}


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], ["faq", "unary", "timeout", "slow"]),
        (["--last", "2h"], ["faq", "unary", "timeout", "slow", "old"]),
        (["--last", "15m"], ["faq", "unary"]),
        (["--limit", "2"], ["faq", "unary"]),
        (["--cause", "MODEL_TIMEOUT"], ["timeout"]),
        (["--cause", "model-timeout"], ["timeout"]),
        (["--outcome", "failed_safe"], ["timeout"]),
        (["--outcome", "answered", "--last", "2h"], ["faq", "slow", "old"]),
        (["--slower-than", "2s"], ["slow"]),
        (["--slower-than", "1999.5ms"], ["timeout", "slow"]),
        (["--route", "faq"], ["faq"]),
        (["--tenant", "demo"], ["faq"]),
        (["--tenant", "acme", "--outcome", "abstained"], ["unary"]),
    ],
)
def test_answers_are_found_newest_first(
    groundwire_command: Command, traced: dict[str, str], options: list[str], found: list[str]
) -> None:
    ran = groundwire_command("trace", "find", *options)

    assert ran.code == 0
    assert [line.split("\t")[0] for line in ran.out.splitlines()] == [traced[name] for name in found]


@pytest.mark.usefixtures("traced")
def test_a_line_says_what_happened(groundwire_command: Command) -> None:
    ran = groundwire_command("trace", "find", "--outcome", "failed-safe")
    printed = groundwire_command("trace", "find", "--outcome", "failed-safe", "--json")

    (line,) = ran.out.splitlines()
    _, began, *rest = line.split("\t")
    assert rest == ["default", "failed_safe", "MODEL_TIMEOUT", "FAIL_SAFE", "2000", "-"]
    record = json.loads(printed.out)
    assert (record["start"], record["milliseconds"], record["status"]) == (began, 2000.0, "OK")


@pytest.mark.parametrize("words", [["--route", "nowhere"], ["--cause", "STORE_TIMEOUT"], ["--slower-than", "1h"]])
@pytest.mark.usefixtures("traced")
def test_nothing_found(groundwire_command: Command, words: list[str]) -> None:
    ran = groundwire_command("trace", "find", *words)

    assert (ran.code, ran.out) == (1, "")
    assert "give a longer --last, or fewer conditions" in ran.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--cause", "MODEL_TIMEUOT"], "use one such as MODEL_TIMEOUT"),
        (["--outcome", "failed"], "use one such as failed_safe"),
        (["--last", "1"], "give a time above 0"),
        (["--last", "0h"], "give a time above 0"),
        (["--last", "9999999d"], "up to 365d"),
        (["--slower-than", "fast"], "such as 500ms, 2s"),
        (["--limit", "0"], "greater than or equal to 1"),
    ],
)
def test_words_that_are_not_known(groundwire_command: Command, jaeger: Jaeger, options: list[str], says: str) -> None:
    ran = groundwire_command("trace", "find", *options)

    assert (ran.code, ran.out, jaeger.paths) == (2, "", [])
    assert says in ran.err


def test_a_call_that_ended_without_an_outcome_shows_its_status(groundwire_command: Command, jaeger: Jaeger) -> None:
    refused = Recording()
    refused.call.set_attribute("rpc.response.status_code", "UNAUTHENTICATED")
    refused.call.end()
    jaeger.add(refused.exported)

    ran = groundwire_command("trace", "find")

    assert "\tUNAUTHENTICATED\t" in ran.out

"""`groundwire ask` against a server that answers by a script."""

import json
from collections.abc import Callable

import pytest
from google.protobuf import json_format
from google.rpc import code_pb2

from groundwire.v1 import outcome_pb2
from groundwire.v1.cause_pb2 import Cause
from groundwire.v1.event_pb2 import StreamMode
from groundwire.v1.outcome_pb2 import Action, FailedSafe, NextStep
from groundwire_server.cli.exits import ExitCode
from tests.cli.conftest import Ran
from tests.doubles import events
from tests.doubles.service import UNAVAILABLE, Failure, FakeService

Command = Callable[..., Ran]


def test_an_answer_with_its_citations_and_why(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.script["Where do parcels wait?"] = events.plain_answer()

    ran = groundwire_command("ask", "Where do parcels wait?", "--server", address)

    assert ran.code == 0
    assert ran.out == (
        "Parcels wait in the mail room. [1]\n"
        "\n"
        "answered: a validated answer\n"
        "cause      ANSWER_VALIDATED: the first attempt passed every check\n"
        "action     ANSWER: returned the answer of the first attempt\n"
        "next step  SHOW: show the answer\n"
        "grounding  93%, verified, confidence high\n"
        "\n"
        "[1] Handbook\n"
        "    https://docs.example/handbook\n"
        "    “Parcels wait in the mail room until noon.”\n"
    )
    assert ran.err == ""


def test_quotes_around_the_question_are_optional(
    groundwire_command: Command, service: FakeService, address: str
) -> None:
    service.script["where do parcels wait"] = events.plain_answer()

    assert groundwire_command("ask", "--server", address, "where", "do", "parcels", "wait").code == 0


def test_every_option_reaches_the_server(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.otherwise = events.plain_answer()
    said = "--tenant acme --principal staff --principal hr --route support --top-k 3 --provisional --timeout 7 "
    said += "--context plan=pro --context region=eu=west --end-user visitor-1"

    assert groundwire_command("ask", "where?", "--server", address, *said.split()).code == 0

    call = service.calls[0]
    assert call.metadata["groundwire-tenant"] == "acme"
    assert call.metadata["groundwire-principals"] == "staff,hr"
    assert call.time_remaining < 8
    assert call.request.mode == StreamMode.STREAM_MODE_PROVISIONAL
    assert call.request.question.route == "support"
    assert call.request.question.search.top_k == 3
    assert call.request.question.end_user_id == "visitor-1"
    assert dict(call.request.question.context) == {"plan": "pro", "region": "eu=west"}


def test_a_value_of_context_has_a_key(groundwire_command: Command, service: FakeService, address: str) -> None:
    ran = groundwire_command("ask", "where?", "--server", address, "--context", "Plan=pro")

    assert ran.code == ExitCode.USAGE
    assert "--context Plan=pro is not KEY=TEXT: a key is a lower-case letter" in ran.err
    assert not service.calls


def test_the_environment_names_server_and_tenant(
    groundwire_command: Command, service: FakeService, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.otherwise = events.plain_answer()
    monkeypatch.setenv("GROUNDWIRE_SERVER", address)
    monkeypatch.setenv("GROUNDWIRE_TENANT", "acme")

    assert groundwire_command("ask", "where?").code == 0
    assert service.calls[0].metadata["groundwire-tenant"] == "acme"


def test_no_answer_ends_with_one(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.otherwise = events.numbered([events.started(), events.ended(events.abstained())])

    ran = groundwire_command("ask", "What is the weather?", "--server", address)

    assert ran.code == 1
    assert ran.out.startswith("abstained: the documents do not hold the answer\n")
    assert "Handbook, relevance 0.21" in ran.out


def test_a_server_that_failed_safe_says_when_to_ask_again(
    groundwire_command: Command, service: FakeService, address: str
) -> None:
    outcome = outcome_pb2.Outcome(
        failed_safe=FailedSafe(retryable=True, retry_after=events.milliseconds(2500)),
        cause=Cause.CAUSE_STORE_UNAVAILABLE,
        action=Action.ACTION_FAIL_SAFE,
        next_step=NextStep.NEXT_STEP_RETRY_AFTER,
    )
    service.otherwise = events.numbered([events.started(), events.ended(outcome)])

    ran = groundwire_command("ask", "where?", "--server", address)

    assert ran.code == 1
    assert "STORE_UNAVAILABLE: the store could not be reached" in ran.out
    assert "after 2.5 s" in ran.out


def test_trace_draws_where_the_time_went(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.otherwise = events.plain_answer()

    ran = groundwire_command("ask", "where?", "--server", address, "--trace")

    assert ran.code == 0
    assert "42 ms in total" in ran.out
    assert "retrieve" in ran.out
    assert "of  2.0 s" in ran.out


def test_json_prints_the_outcome_alone(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.otherwise = events.plain_answer("Grüße \x1b[31m aus der Poststelle")

    ran = groundwire_command("ask", "where?", "--server", address, "--json")

    assert ran.code == 0
    assert "\x1b" not in ran.out
    parsed = json_format.ParseDict(json.loads(ran.out), outcome_pb2.Outcome())
    assert parsed == events.answered("Grüße \x1b[31m aus der Poststelle")


def test_json_without_an_answer(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.otherwise = events.numbered([events.started(), events.ended(events.abstained())])

    ran = groundwire_command("ask", "where?", "--server", address, "--json")

    assert ran.code == 1
    assert json.loads(ran.out)["cause"] == "CAUSE_INSUFFICIENT_EVIDENCE"


def test_a_retraction_is_said(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.otherwise = events.numbered(
        [
            events.started(),
            events.delta("Parcels may be opened by anybody.", provisional=True),
            events.retraction(2),
            events.ended(events.abstained()),
        ]
    )

    ran = groundwire_command("ask", "where?", "--server", address, "--provisional")

    assert ran.out.startswith(
        "Parcels may be opened by anybody.\n"
        "[retracted: UNSUPPORTED, the cited passages do not support a sentence]\n"
        "abstained: "
    )


def test_text_cannot_steer_the_terminal(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.otherwise = events.plain_answer("before\x1b]0;owned\x07after\r\x9b2J")

    ran = groundwire_command("ask", "where?", "--server", address)

    assert "before�]0;owned�after��2J" in ran.out
    assert "\x1b" not in ran.out


def test_nobody_listens(groundwire_command: Command) -> None:
    ran = groundwire_command("ask", "where?", "--server", "127.0.0.1:1", "--timeout", "5")

    assert ran.code == 3
    assert ran.out == ""
    assert ran.err.startswith(
        "groundwire: No groundwire server answers at 127.0.0.1:1: start one with `groundwire serve`"
    )
    assert ran.err.count("\n") == 1


def test_a_failed_call(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.otherwise = (UNAVAILABLE,)

    ran = groundwire_command("ask", "where?", "--server", address)

    assert ran.code == 4
    assert ran.err == (
        "groundwire: The store could not be reached; try again later. "
        f"(UNAVAILABLE STORE_UNAVAILABLE, retry after 60 s, trace {'ab' * 16})\n"
    )


def test_a_question_that_breaks_limits(groundwire_command: Command, service: FakeService, address: str) -> None:
    wrong = "question.text: must be at most 4096 code points"
    service.otherwise = (Failure(code_pb2.INVALID_ARGUMENT, wrong, "INVALID_REQUEST", {"question.text": "too long"}),)

    ran = groundwire_command("ask", "x" * 5000, "--server", address)

    assert ran.code == 2
    assert wrong in ran.err


@pytest.mark.slow  # it is tried again, with the waits of a client
def test_a_stream_without_an_outcome(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.otherwise = events.numbered([events.started(), events.delta("half an ans")])

    ran = groundwire_command("ask", "where?", "--server", address)

    assert ran.code == 3
    assert "ended without an outcome" in ran.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["where?", "--trace", "--json"], "--json"),
        (["where?", "--tenant", "ácme"], "printable ASCII"),
        (["where?", "--principal", "a,b"], "comma"),
        (["where?", "--timeout", "0"], "--timeout"),
        (["where?", "--timeout", "soon"], "--timeout"),
        (["where?", "--colour"], "--colour"),
    ],
)
def test_wrong_usage(groundwire_command: Command, arguments: list[str], says: str) -> None:
    ran = groundwire_command("ask", *arguments)

    assert ran.code == 2
    assert says in ran.err
    assert ran.out == ""

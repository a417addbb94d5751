"""`groundwire submit` and `groundwire operations`, and `groundwire ask --queue`."""

import json
from collections.abc import Callable, Iterator

import pytest

from groundwire.v1.outcome_pb2 import Outcome
from groundwire_server.cli.console import Terminal
from groundwire_server.cli.render import show_outcome
from tests.cli.conftest import Ran
from tests.doubles.queued_service import CANCELLED, NAME, QueuedService, answered, serving_queued, standing

ID = NAME.removeprefix("operations/")


@pytest.fixture
def service() -> QueuedService:
    return QueuedService()


@pytest.fixture
def address(service: QueuedService) -> Iterator[str]:
    with serving_queued(service) as address:
        yield address


@pytest.fixture
def command(groundwire_command: Callable[..., Ran], address: str) -> Callable[..., Ran]:
    def call(*arguments: str) -> Ran:
        return groundwire_command(*arguments, "--server", address)

    return call


Command = Callable[..., Ran]


def test_submitting_prints_the_name(command: Command, service: QueuedService) -> None:
    ran = command(
        "submit", "Is", "it", "so?", "--route", "faq", "--answer-within", "90", "--webhook", "https://hooks.example",
        "--request-id", "order-4711", "--principal", "staff",
    )  # fmt: skip
    assert (ran.code, ran.out) == (0, f"{NAME}\n")
    request = service.calls[0].request
    assert (request.question.text, request.question.route, request.request_id) == ("Is it so?", "faq", "order-4711")
    assert (request.answer_within.seconds, request.webhook.url) == (90, "https://hooks.example")


def test_submitting_can_wait_for_the_answer(command: Command, service: QueuedService) -> None:
    service.going = [standing("QUEUED"), standing("RUNNING"), answered("So it is.")]
    ran = command("submit", "Is it so?", "--wait")
    assert ran.code == 0
    assert ran.out.startswith(f"{NAME}\nSo it is.\n")


def test_json_of_a_submission_is_the_operation_and_of_a_wait_the_outcome(
    command: Command, service: QueuedService
) -> None:
    service.going = [standing("QUEUED")]
    assert json.loads(command("submit", "So?", "--json").out)["metadata"]["state"] == "STATE_QUEUED"
    service.going = [standing("QUEUED"), answered("So it is.")]
    assert json.loads(command("submit", "So?", "--wait", "--json").out)["answered"]["answer"]["text"] == "So it is."


@pytest.mark.parametrize("name", [NAME, ID])
def test_an_operation_is_named_in_full_or_by_its_id(command: Command, service: QueuedService, name: str) -> None:
    service.going = [answered("So it is.")]
    ran = command("operations", "wait", name)
    assert (ran.code, "So it is." in ran.out) == (0, True)
    assert service.calls[0].request.name == NAME


def test_showing_says_where_it_stands(command: Command, service: QueuedService) -> None:
    service.going = [standing("QUEUED", position=2)]
    ran = command("operations", "show", ID)
    assert "state      QUEUED, 2 ahead" in ran.out
    service.going = [standing("IN_REVIEW", ticket="7f3a09c2")]
    assert "state      IN_REVIEW, ticket 7f3a09c2" in command("operations", "show", ID).out
    service.going = [answered("So it is.")]
    assert "So it is." in command("operations", "show", ID).out
    service.going = [CANCELLED]
    assert "error      The call was cancelled." in command("operations", "show", ID).out
    assert json.loads(command("operations", "show", ID, "--json").out)["error"]["code"] == 1


def test_a_wait_whose_time_is_up_says_how_to_go_on(command: Command, service: QueuedService) -> None:
    service.going = [standing("QUEUED", position=2)]
    ran = command("operations", "wait", ID, "--timeout", "0.001")
    assert ran.code == 1
    assert "it is QUEUED, 2 ahead" in ran.err
    assert f"groundwire operations wait {NAME}" in ran.err


def test_an_operation_that_ends_without_an_outcome_is_a_failure(command: Command, service: QueuedService) -> None:
    for action in ("wait", "watch"):
        service.going = [CANCELLED]
        ran = command("operations", action, ID)
        assert (ran.code, "The call was cancelled." in ran.err) == (4, True)


def test_watching_prints_each_change_and_the_outcome(command: Command, service: QueuedService) -> None:
    service.going = [standing("QUEUED", position=1), standing("RUNNING"), answered("So it is.")]
    ran = command("operations", "watch", ID)
    assert ran.code == 0
    assert ran.out.startswith("QUEUED, 1 ahead\nRUNNING, attempt 0\nDONE\nSo it is.\n")


def test_watching_prints_json_lines(command: Command, service: QueuedService) -> None:
    service.going = [standing("QUEUED"), answered()]
    lines = command("operations", "watch", ID, "--json").out.splitlines()
    assert [json.loads(line).get("done", False) for line in lines] == [False, True]


def test_a_list_has_a_line_for_each_operation(command: Command, service: QueuedService) -> None:
    service.listed = [standing("QUEUED", position=1), standing("RUNNING")]
    ran = command("operations", "list", "--state", "queued", "--state", "RUNNING")
    assert [line.split("\t")[:3] for line in ran.out.splitlines()] == [[NAME, "QUEUED", "1"], [NAME, "RUNNING", "0"]]
    assert ran.err == "2 operations\n"
    assert service.calls[0].request.filter == "state = QUEUED OR state = RUNNING"
    lines = command("operations", "list", "--json").out.splitlines()
    assert [json.loads(line)["name"] for line in lines] == [NAME, NAME]


@pytest.mark.parametrize(
    ("action", "method"),
    [("cancel", "CancelOperation"), ("delete", "DeleteOperation"), ("requeue", "RequeueOperation")],
)
def test_several_operations_are_named_at_once(
    command: Command, service: QueuedService, action: str, method: str
) -> None:
    assert command("operations", action, ID, NAME).code == 0
    assert [(call.method, call.request.name) for call in service.calls] == [(method, NAME)] * 2


def test_what_is_halted_is_listed_beside_the_queue(command: Command, service: QueuedService) -> None:
    service.listed = [standing("HALTED")]
    ran = command("operations", "halted")
    assert ran.out.startswith(f"{NAME}\t")
    assert ran.err == "3 halted, 2 waiting, 1 running\n"
    assert json.loads(command("operations", "halted", "--json").out)["name"] == NAME


def test_a_question_that_may_be_queued_says_so(command: Command, service: QueuedService) -> None:
    command("ask", "Is it so?", "--queue")
    command("ask", "Is it so?")
    assert [call.request.question.allow_queue for call in service.calls] == [True, False]


def test_a_queued_outcome_says_how_to_follow_it() -> None:
    outcome = Outcome()
    outcome.queued.operation = NAME
    console = Terminal(width=90)
    with console.capture() as captured:
        show_outcome(console, outcome, text_shown=False)
    assert f"groundwire operations wait {NAME}" in captured.get()

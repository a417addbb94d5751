"""Operations as callers of google.longrunning read them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from google.rpc import code_pb2

from groundwire.v1.answer_service_pb2 import AnswerResponse
from groundwire.v1.operation_pb2 import AnswerOperationMetadata
from groundwire_server.app.parts.operation_codec import CODEC
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.operation import Operation, OperationKey
from groundwire_server.domain.outcome import FailedSafe, Outcome
from groundwire_server.domain.vocabulary import Action, Cause, NextStep, OperationState, Reason
from groundwire_server.edge.convert.operation import operation_id_of, operation_to_pb, states_of
from tests.e2e.calls import info_of

ID = "5b1e" * 8
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
WAITING = Operation(
    OperationKey("acme", "alice", ID),
    OperationState.QUEUED,
    "support",
    "order-4711",
    "ab" * 16,
    accepted=NOON,
    expires=NOON + timedelta(hours=1),
    position=4,
    cause=Cause.BUDGET_EXHAUSTED,
)


def metadata(operation: Operation) -> AnswerOperationMetadata:
    found = AnswerOperationMetadata()
    assert operation_to_pb(operation).metadata.Unpack(found)
    return found


def test_one_that_waits_says_where_it_stands_and_has_no_result() -> None:
    message = operation_to_pb(WAITING)
    assert (message.name, message.done, message.WhichOneof("result")) == (f"operations/{ID}", False, None)
    said = metadata(WAITING)
    assert (said.state, said.position, said.poll_after.seconds) == (AnswerOperationMetadata.STATE_QUEUED, 4, 3)
    assert (said.request_id, said.trace_id, said.route) == ("order-4711", "ab" * 16, "support")
    assert said.create_time.ToDatetime(UTC) == NOON
    assert said.expire_time.ToDatetime(UTC) == NOON + timedelta(hours=1)
    assert not said.HasField("start_time")


@pytest.mark.parametrize("state", OperationState)
def test_every_state_has_a_time_to_ask_again_but_the_last(state: OperationState) -> None:
    said = metadata(replace(WAITING, state=state))
    assert said.HasField("poll_after") is (state is not OperationState.DONE)
    assert said.poll_after.ToNanoseconds() <= 60e9


def test_the_wait_grows_with_the_questions_ahead_up_to_a_minute() -> None:
    waits = [replace(WAITING, position=position).poll_after for position in (0, 1, 10, 10_000)]
    assert waits == [1.0, 1.5, 6.0, 60.0]


def test_the_response_is_the_outcome_as_it_was_written() -> None:
    outcome = Outcome(FailedSafe(retryable=False), Cause.INTERNAL, Action.FAIL_SAFE, NextStep.DO_NOT_RETRY)
    done = replace(WAITING, state=OperationState.DONE, result=CODEC.encode_outcome(outcome))
    response = AnswerResponse()
    message = operation_to_pb(done)
    assert message.done
    assert message.response.Unpack(response)
    assert response.outcome.WhichOneof("result") == "failed_safe"


@pytest.mark.parametrize(
    ("error", "code", "about"),
    [
        (Reason.CANCELLED, code_pb2.CANCELLED, {"request_id": "order-4711"}),
        (Reason.OPERATION_EXPIRED, code_pb2.DEADLINE_EXCEEDED, {"attempts": "2"}),
        (Reason.RIGHTS_WITHDRAWN, code_pb2.PERMISSION_DENIED, {}),
        (Reason.ROUTE_UNKNOWN, code_pb2.NOT_FOUND, {"route": "support"}),
        (Reason.ERASED, code_pb2.DATA_LOSS, {}),
    ],
)
def test_an_error_carries_what_a_failed_call_does(error: Reason, code: int, about: dict[str, str]) -> None:
    message = operation_to_pb(replace(WAITING, state=OperationState.DONE, attempts=2, error=error))
    assert (message.done, message.error.code) == (True, code)
    assert info_of(message.error).reason == error.value
    assert dict(info_of(message.error).metadata) == about


@pytest.mark.parametrize(
    "name",
    ["", "operations", "operations/", ID, f"operations/{ID}0", f"operations/{ID.upper()}", f"operations/{ID}\n", "a/b"],
)
def test_a_name_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(Rejection) as refused:
        operation_id_of(name)
    assert refused.value.violations[0].field == "name"


def test_a_name_holds_the_id() -> None:
    assert operation_id_of(f"operations/{ID}") == ID


STATES = OperationState


@pytest.mark.parametrize(
    ("condition", "states"),
    [
        ("", set()),
        ("  ", set()),
        ("state = QUEUED", {STATES.QUEUED}),
        ('state="HALTED"', {STATES.HALTED}),
        ("state = QUEUED OR state=RUNNING", {STATES.QUEUED, STATES.RUNNING}),
        ("done = true", {STATES.DONE}),
        ("done=false", set(STATES) - {STATES.DONE}),
        ("done=false OR done=true", set(STATES)),
    ],
)
def test_a_filter_selects_states(condition: str, states: set[OperationState]) -> None:
    assert states_of(condition) == states


@pytest.mark.parametrize(
    "condition",
    ["QUEUED", "state = LOST", "done = maybe", "state = QUEUED AND done = true", "OR", "state QUEUED", "x=1"],
)
def test_another_filter_is_refused(condition: str) -> None:
    with pytest.raises(Rejection) as refused:
        states_of(condition)
    assert refused.value.violations[0].field == "filter"


def test_one_that_a_person_looks_at_names_its_review() -> None:
    said = metadata(replace(WAITING, state=OperationState.IN_REVIEW, ticket="7f3a09c2"))
    assert (said.state, said.ticket) == (AnswerOperationMetadata.STATE_IN_REVIEW, "7f3a09c2")
    assert metadata(WAITING).ticket == ""

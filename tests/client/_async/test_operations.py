"""Questions that are answered later, against a server on a port."""

from collections.abc import Iterator

import pytest
from google.longrunning import operations_pb2
from google.rpc import code_pb2

import groundwire
from groundwire.v1.erasure_pb2 import ErasureTarget
from groundwire.v1.event_pb2 import Heartbeat
from groundwire.v1.operation_service_pb2 import GetQueueResponse
from tests.doubles.queued_service import (
    CANCELLED,
    EXPIRED,
    NAME,
    QueuedService,
    answered,
    serving_queued,
    standing,
)
from tests.doubles.service import LOST, UNAVAILABLE, End, Failure

NOT_FOUND = Failure(code_pb2.NOT_FOUND, "The operation does not exist, or it is not yours.", "OPERATION_NOT_FOUND")
DRAINING = Failure(
    code_pb2.UNAVAILABLE, "The server is shutting down; try another.", "SHUTTING_DOWN", retry_after=0.001
)


@pytest.fixture
def service() -> QueuedService:
    return QueuedService()


@pytest.fixture
def address(service: QueuedService) -> Iterator[str]:
    with serving_queued(service) as address:
        yield address


async def test_a_question_that_is_submitted_is_an_operation(client: groundwire.Client, service: QueuedService) -> None:
    service.going = [standing("QUEUED", position=3)]
    operation = await client.submit(
        "Is it so?",
        route="faq",
        top_k=3,
        context={"plan": "pro"},
        end_user_id="visitor-1",
        answer_within=90,
        webhook="https://hooks.example/answers",
    )
    assert (operation.name, operation.state, operation.position, operation.done) == (NAME, "QUEUED", 3, False)
    assert (operation.outcome, operation.error) == (None, None)
    request = service.calls[0].request
    assert (request.question.text, request.question.route, request.question.search.top_k) == ("Is it so?", "faq", 3)
    assert (dict(request.question.context), request.question.end_user_id) == ({"plan": "pro"}, "visitor-1")
    assert request.answer_within.seconds == 90
    assert request.webhook.url == "https://hooks.example/answers"
    assert len(request.request_id) == 32


async def test_without_more_to_say_a_submission_says_no_more(client: groundwire.Client, service: QueuedService) -> None:
    await client.submit("Is it so?", request_id="order-4711")
    request = service.calls[0].request
    assert request.request_id == "order-4711"
    assert not request.HasField("answer_within")
    assert not request.HasField("webhook")


async def test_a_webhook_may_have_the_answer_sent_along(client: groundwire.Client, service: QueuedService) -> None:
    await client.submit("So?", webhook=groundwire.Webhook(url="https://hooks.example", include_answer=True))
    assert service.calls[0].request.webhook.include_answer


async def test_waiting_gives_the_outcome(client: groundwire.Client, service: QueuedService) -> None:
    service.going = [standing("QUEUED"), standing("RUNNING"), answered("So it is.")]
    operation = await client.submit("Is it so?")
    outcome = await operation.wait()
    assert isinstance(outcome, groundwire.Answered)
    assert (outcome.text, operation.state, operation.outcome) == ("So it is.", "DONE", outcome)
    assert [call.method for call in service.calls] == ["SubmitAnswer", "WaitOperation", "WaitOperation"]


async def test_an_operation_is_found_by_the_name_of_a_queued_outcome(
    client: groundwire.Client, service: QueuedService
) -> None:
    service.going = [answered()]
    operation = client.operation(NAME)
    assert (operation.state, operation.done) == ("UNSPECIFIED", False)
    assert (await operation.refresh()).done
    assert (await client.operation(NAME).wait()).text == "So it is."


async def test_a_call_that_may_be_queued_says_so(client: groundwire.Client, service: QueuedService) -> None:
    with pytest.raises(groundwire.Error):
        await client.answer("Is it so?", allow_queue=True)
    assert service.calls[0].request.question.allow_queue


@pytest.mark.parametrize(
    ("state", "reason"), [(CANCELLED, "CANCELLED"), (EXPIRED, "OPERATION_EXPIRED")], ids=["cancelled", "expired"]
)
async def test_an_operation_that_ends_without_an_outcome_is_an_error(
    client: groundwire.Client, service: QueuedService, state: operations_pb2.Operation, reason: str
) -> None:
    service.going = [state]
    operation = client.operation(NAME)
    with pytest.raises(groundwire.Error) as ended:
        await operation.wait()
    assert (ended.value.reason, ended.value.request_id) == (reason, "order-4711")
    assert operation.error is not None
    assert operation.error.trace_id == "ab" * 16


async def test_a_wait_whose_time_is_up_leaves_the_operation_going(
    client: groundwire.Client, service: QueuedService
) -> None:
    service.going = [standing("QUEUED", position=2)]
    with pytest.raises(TimeoutError, match="QUEUED, 2 ahead"):
        await client.operation(NAME).wait(timeout=0)
    service.going = [answered()]
    assert (await client.operation(NAME).wait(timeout=0)).text == "So it is."


@pytest.mark.parametrize("failure", [LOST, DRAINING], ids=["lost", "the server drains"])
async def test_a_wait_goes_on_when_the_connection_is_lost(
    client: groundwire.Client, service: QueuedService, failure: Failure
) -> None:
    service.going = [standing("QUEUED"), failure, answered()]
    operation = await client.submit("Is it so?")
    assert (await operation.wait()).text == "So it is."


async def test_waiting_for_what_there_is_not_is_an_error(client: groundwire.Client, service: QueuedService) -> None:
    service.going = [NOT_FOUND]
    with pytest.raises(groundwire.Error, match="not yours") as ended:
        await client.operation(NAME).wait()
    assert ended.value.reason == "OPERATION_NOT_FOUND"


async def test_watching_shows_each_change_and_ends_with_the_last(
    client: groundwire.Client, service: QueuedService
) -> None:
    service.going = [standing("QUEUED", position=1), Heartbeat(), standing("QUEUED"), standing("RUNNING"), answered()]
    operation = client.operation(NAME)
    seen = [(each.state, each.position) async for each in operation.watch()]
    assert seen == [("QUEUED", 1), ("QUEUED", 0), ("RUNNING", 0), ("DONE", 0)]
    assert operation.outcome is not None
    assert operation.outcome.text == "So it is."


@pytest.mark.parametrize("broken", [LOST, DRAINING, End()], ids=["lost", "the server drains", "ended early"])
async def test_a_watch_goes_on_where_it_was(
    client: groundwire.Client, service: QueuedService, broken: Failure | End
) -> None:
    service.going = [standing("QUEUED"), broken, standing("QUEUED"), standing("RUNNING"), answered()]
    seen = [each.state async for each in client.operation(NAME).watch()]
    assert seen == ["QUEUED", "RUNNING", "DONE"]
    assert [call.method for call in service.calls] == ["WatchOperation"] * 2


async def test_a_watch_that_fails_for_good_is_an_error(client: groundwire.Client, service: QueuedService) -> None:
    service.going = [standing("QUEUED"), NOT_FOUND]
    watching = client.operation(NAME).watch()
    assert (await anext(watching)).state == "QUEUED"
    with pytest.raises(groundwire.Error, match="not yours"):
        await anext(watching)


async def test_ending_and_forgetting_name_the_operation(client: groundwire.Client, service: QueuedService) -> None:
    operation = client.operation(NAME)
    await operation.cancel()
    await operation.delete()
    assert [(call.method, call.request.name) for call in service.calls] == [
        ("CancelOperation", NAME),
        ("DeleteOperation", NAME),
    ]


async def test_forgetting_is_not_repeated_when_the_connection_is_lost(
    client: groundwire.Client, service: QueuedService
) -> None:
    await client.queue()
    service.refused = LOST
    for calling, times in ((client.operation(NAME).cancel, 5), (client.operation(NAME).delete, 1)):
        service.calls.clear()
        with pytest.raises(groundwire.Error):
            await calling()
        assert len(service.calls) == times


async def test_lists_are_fetched_page_after_page(client: groundwire.Client, service: QueuedService) -> None:
    names = [f"operations/{number:032x}" for number in range(5)]
    service.listed = [standing("HALTED", name=name) for name in names]
    assert [each.name async for each in client.operations(filter="done = false", page_size=2)] == names
    assert [call.request.filter for call in service.calls] == ["done = false"] * 3
    assert [each.name async for each in client.halted_operations(page_size=2)] == names


async def test_operators_look_after_the_queue(client: groundwire.Client, service: QueuedService) -> None:
    assert await client.queue() == GetQueueResponse(queued=2, running=1, halted=3)
    assert (await client.requeue_operation(NAME)).state == 1
    assert service.calls[-1].request.name == NAME


async def test_answers_that_may_stand_in_are_forgotten_by_one_selection(
    client: groundwire.Client, service: QueuedService
) -> None:
    assert await client.invalidate_answers(document_id="faq") == 4
    await client.invalidate_answers(route="support")
    await client.invalidate_answers(tenant=True)
    chosen = [call.request.WhichOneof("selection") for call in service.calls]
    assert chosen == ["document_id", "route", "tenant"]
    with pytest.raises(ValueError, match="one way"):
        await client.invalidate_answers()
    with pytest.raises(ValueError, match="one way"):
        await client.invalidate_answers(document_id="faq", route="support")


async def test_erasing_records_gives_the_receipt(client: groundwire.Client, service: QueuedService) -> None:
    receipt = await client.erase_records(ErasureTarget(subject="ada"))
    assert receipt.erasure_id == "e1"
    assert service.calls[0].request.target.subject == "ada"


async def test_a_queue_that_is_full_is_asked_again_no_sooner_than_it_says(
    client: groundwire.Client, service: QueuedService
) -> None:
    service.refused = UNAVAILABLE
    with pytest.raises(groundwire.Error) as refused:
        await client.submit("Is it so?", timeout=5)
    assert refused.value.retry_after == 60
    assert len(service.calls) == 1

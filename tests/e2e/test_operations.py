"""Queued answers over gRPC: submitting, reading, waiting, following, ending, and what operators do."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from typing import Any

import grpc.aio
import pytest
from google.longrunning import operations_pb2
from google.protobuf.duration_pb2 import Duration
from grpc_status import rpc_status

from groundwire.v1 import answer_service_pb2, operation_service_pb2
from groundwire.v1.operation_pb2 import AnswerOperationMetadata
from groundwire_server.domain.operation import Webhook
from groundwire_server.domain.vocabulary import OperationState
from groundwire_server.edge.options import ArrivalOptions, ServerOptions
from groundwire_server.edge.paging import PageTokens
from tests.doubles.time import waiting_skipped
from tests.e2e.calls import ACME, SECONDS, fields, info, question
from tests.e2e.conftest import Serve
from tests.e2e.queueing import NAMING, Metadata, Queue, queueing

BOB = (("groundwire-tenant", "acme"), ("groundwire-subject", "bob"), ("groundwire-principals", "staff"))
UMBRELLA = (("groundwire-tenant", "umbrella"), ("groundwire-subject", "alice"), ("groundwire-principals", "staff"))
UNKNOWN = f"operations/{'5b1e' * 8}"
NO_TIME = Duration()
NOW = "2026-11-27T12:00:00+00:00"


@pytest.fixture
async def queue(serve: Serve) -> AsyncIterator[Queue]:
    async with queueing(serve) as running:
        yield running


def metadata_of(operation: operations_pb2.Operation) -> AnswerOperationMetadata:
    found = AnswerOperationMetadata()
    assert operation.metadata.Unpack(found)
    return found


def state_of(operation: operations_pb2.Operation) -> str:
    return AnswerOperationMetadata.State.Name(metadata_of(operation).state).removeprefix("STATE_")


def outcome_of(operation: operations_pb2.Operation) -> str | None:
    response = answer_service_pb2.AnswerResponse()
    assert operation.response.Unpack(response)
    return response.outcome.WhichOneof("result")


def token(*place: str) -> str:
    """Return the token of a page of alice's that begins after a made-up place."""
    return PageTokens("operations", "acme", "alice", "").write(*place)


async def test_a_submitted_question_is_an_operation_that_waits(queue: Queue) -> None:
    first, second = await queue.submit(), await queue.submit(request_id="order-4711")
    assert (first.done, first.WhichOneof("result"), state_of(first)) == (False, None, "QUEUED")
    assert metadata_of(second).position == 1
    assert metadata_of(second).request_id == "order-4711"
    assert metadata_of(second).route == "default"
    assert await queue.get(second.name) == second


async def test_what_is_submitted_is_accepted_as_it_came_in(queue: Queue) -> None:
    webhook = answer_service_pb2.Webhook(url="https://hooks.example/answers", include_answer=True)
    asked = question("Who signs?", allow_queue=True)
    await queue.submit(question=asked, answer_within=Duration(seconds=90), webhook=webhook)
    await queue.submit()
    first, second = (await queue.begin()).work, (await queue.begin()).work
    assert (first.question.text, first.question.allow_queue) == ("Who signs?", True)
    assert first.webhook == Webhook("https://hooks.example/answers", include_answer=True)
    assert first.answer_by - first.accepted == timedelta(seconds=90)
    assert (first.caller.tenant, first.caller.subject, first.caller.principals) == (
        "acme",
        "alice",
        frozenset({"staff"}),
    )
    assert (second.webhook, second.answer_by - second.accepted) == (None, timedelta(hours=1))


async def test_the_same_request_is_one_operation_and_another_under_its_id_is_refused(queue: Queue) -> None:
    first = await queue.submit(request_id="order-4711")
    assert await queue.submit(request_id="order-4711") == first
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await queue.submit(question=question("Who signs?"), request_id="order-4711")
    assert info(refused.value).reason == "REQUEST_ID_REUSED"
    assert dict(info(refused.value).metadata) == {"request_id": "order-4711"}
    other = await queue.submit(BOB, request_id="order-4711")
    assert other.name != first.name


@pytest.mark.parametrize(
    ("method", "caller"),
    # An operator looks after the operations of its whole tenant.
    [
        (each, who)
        for each in sorted(NAMING)
        for who in (ACME, BOB, UMBRELLA)
        if (each, who) != ("RequeueOperation", BOB)
    ],
    ids=lambda value: value if isinstance(value, str) else value[1][1] + " of " + value[0][1],
)
async def test_an_operation_that_is_not_the_callers_is_not_found(queue: Queue, method: str, caller: Metadata) -> None:
    submitted = await queue.submit()
    name = UNKNOWN if caller is ACME else submitted.name
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await queue.call(method, name, caller)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert info(refused.value).reason == "OPERATION_NOT_FOUND"
    assert dict(info(refused.value).metadata) == {"operation": name}
    assert await queue.get(submitted.name) == submitted


@pytest.mark.parametrize("method", sorted(NAMING))
@pytest.mark.parametrize("name", ["", "operations/5b1e", "operations/" + "5B1E" * 8, "x" * 100_000])
async def test_what_is_no_name_is_refused(queue: Queue, method: str, name: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await queue.call(method, name)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert info(refused.value).reason == "INVALID_REQUEST"


async def test_waiting_ends_with_the_answer(queue: Queue) -> None:
    submitted = await queue.submit()
    began = asyncio.get_running_loop().time()
    waiting = asyncio.create_task(queue.wait(submitted.name))
    await until(lambda: queue.wakeups.waiting == 1)
    await queue.answer(await queue.begin())
    done = await waiting
    assert (done.done, outcome_of(done)) == (True, "failed_safe")
    assert asyncio.get_running_loop().time() - began < 1.0


async def test_a_wake_up_that_is_lost_costs_a_second_at_most(queue: Queue) -> None:
    submitted = await queue.submit()
    queue.wakeups.lost = True
    waiting = asyncio.create_task(queue.wait(submitted.name))
    await until(lambda: queue.wakeups.waiting == 1)
    began = asyncio.get_running_loop().time()
    await queue.answer(await queue.begin())
    assert (await waiting).done
    assert asyncio.get_running_loop().time() - began < 1.5


@pytest.mark.parametrize(
    ("within", "seconds", "waited"),
    [(NO_TIME, 60.0, 0.0), (Duration(seconds=5), 60.0, 5.0), (None, 2.0, 1.9), (Duration(seconds=5), 2.0, 1.9)],
    ids=["no time", "the request's", "the deadline's", "the shorter one"],
)
async def test_when_the_time_is_up_the_operation_comes_as_it_is(
    queue: Queue, within: Duration | None, seconds: float, waited: float
) -> None:
    submitted = await queue.submit()
    began = asyncio.get_running_loop().time()
    with waiting_skipped():
        found = await queue.wait(submitted.name, within=within, seconds=seconds)
    assert state_of(found) == "QUEUED"
    assert asyncio.get_running_loop().time() - began == pytest.approx(waited, abs=0.2)


async def test_a_wait_for_less_than_no_time_is_refused(queue: Queue) -> None:
    submitted = await queue.submit()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await queue.wait(submitted.name, within=Duration(seconds=-1))
    assert info(refused.value).reason == "INVALID_REQUEST"


async def test_a_tenant_has_a_share_of_the_places_to_wait_in(serve: Serve) -> None:
    arrival = ArrivalOptions(max_operation_waits=3, max_operation_waits_per_tenant=2)
    async with queueing(serve, options=ServerOptions(arrival=arrival)) as queue:
        names = [(await queue.submit()).name for _ in range(3)]
        waiting = [asyncio.create_task(queue.wait(name)) for name in names[:2]]
        await until(lambda: queue.wakeups.waiting == 2)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await queue.wait(names[2])
        assert info(refused.value).reason == "OVERLOADED"
        claim = await queue.begin()
        theirs = await queue.submit(UMBRELLA)
        request = operations_pb2.WaitOperationRequest(name=theirs.name, timeout=NO_TIME)
        assert await queue.operations.WaitOperation(request, metadata=UMBRELLA, timeout=SECONDS) == theirs
        await queue.answer(claim)
        assert (await waiting[0]).done
        assert not (await queue.wait(names[2], within=NO_TIME)).done
        waiting[1].cancel()


async def test_watching_shows_each_state_and_ends_with_the_last(queue: Queue) -> None:
    await queue.submit()
    submitted = await queue.submit()
    request = operation_service_pb2.WatchOperationRequest(name=submitted.name)
    call = queue.service.WatchOperation(request, metadata=ACME, timeout=SECONDS)
    with waiting_skipped():
        seen = [await call.read()]
        await queue.begin()
        seen.append(await call.read())
        claim = await queue.begin()
        seen.append(await call.read())
        await queue.answer(claim)
        seen.append(await call.read())
        assert await call.read() is grpc.aio.EOF
    told = [(state_of(each.operation), metadata_of(each.operation).position) for each in seen]
    assert told == [("QUEUED", 1), ("QUEUED", 0), ("RUNNING", 0), ("DONE", 0)]
    assert outcome_of(seen[-1].operation) == "failed_safe"


async def test_watching_what_is_done_is_one_message(queue: Queue) -> None:
    submitted = await queue.submit()
    await queue.bring(OperationState.DONE)
    (only,) = await queue.call("WatchOperation", submitted.name)
    assert only.operation == await queue.get(submitted.name)


async def test_a_watch_beats_while_nothing_changes(queue: Queue) -> None:
    submitted = await queue.submit()
    request = operation_service_pb2.WatchOperationRequest(name=submitted.name)
    call = queue.service.WatchOperation(request, metadata=ACME, timeout=100)
    began = asyncio.get_running_loop().time()
    with waiting_skipped():
        kinds = [(await call.read()).WhichOneof("event") for _ in range(3)]
    assert kinds == ["operation", "heartbeat", "heartbeat"]
    assert 20 <= asyncio.get_running_loop().time() - began < 23
    call.cancel()


async def test_an_operation_that_is_deleted_ends_those_that_follow_it(queue: Queue) -> None:
    submitted = await queue.submit()
    waiting = asyncio.create_task(queue.wait(submitted.name))
    watching = asyncio.create_task(queue.call("WatchOperation", submitted.name))
    await until(lambda: queue.wakeups.waiting == 2)
    await queue.call("DeleteOperation", submitted.name)
    for following in (waiting, watching):
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await following
        assert info(ended.value).reason == "OPERATION_NOT_FOUND"


async def test_a_server_that_drains_lets_nobody_wait(serve: Serve) -> None:
    async with queueing(serve) as queue:
        submitted = await queue.submit()
        waiting = asyncio.create_task(queue.wait(submitted.name))
        watching = asyncio.create_task(queue.call("WatchOperation", submitted.name))
        await until(lambda: queue.wakeups.waiting == 2)
        began = asyncio.get_running_loop().time()
        await queue.product.server.drain(0.0, 30.0)
        assert asyncio.get_running_loop().time() - began < 5
        assert state_of(await waiting) == "QUEUED"
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await watching
        assert info(ended.value).reason == "SHUTTING_DOWN"


@pytest.mark.parametrize("state", [OperationState.QUEUED, OperationState.RUNNING, OperationState.HALTED])
async def test_cancelling_ends_what_is_not_done_and_may_be_repeated(queue: Queue, state: OperationState) -> None:
    submitted = await queue.submit()
    await queue.bring(state)
    waiting = asyncio.create_task(queue.wait(submitted.name))
    await until(lambda: queue.wakeups.waiting == 1)
    await queue.call("CancelOperation", submitted.name)
    ended = await waiting
    assert (ended.done, ended.WhichOneof("result")) == (True, "error")
    assert (ended.error.code, ended.error.message) == (grpc.StatusCode.CANCELLED.value[0], "The call was cancelled.")
    await queue.call("CancelOperation", submitted.name)
    assert await queue.get(submitted.name) == ended


async def test_cancelling_what_is_done_changes_nothing(queue: Queue) -> None:
    submitted = await queue.submit()
    await queue.bring(OperationState.DONE)
    await queue.call("CancelOperation", submitted.name)
    assert outcome_of(await queue.get(submitted.name)) == "failed_safe"


async def test_a_deleted_operation_is_forgotten(queue: Queue) -> None:
    submitted = await queue.submit()
    await queue.call("DeleteOperation", submitted.name)
    for method in ("GetOperation", "DeleteOperation"):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await queue.call(method, submitted.name)
        assert info(refused.value).reason == "OPERATION_NOT_FOUND"


async def test_a_list_is_the_callers_own_in_pages(queue: Queue) -> None:
    mine = [(await queue.submit()).name for _ in range(5)]
    await queue.submit(BOB)
    await queue.submit(UMBRELLA)
    listed: list[str] = []
    token = ""
    while True:
        page = await queue.list(page_size=2, page_token=token)
        listed += [each.name for each in page.operations]
        token = page.next_page_token
        if not token:
            break
    assert listed == mine


async def test_a_list_can_be_of_some_states_and_has_no_responses(queue: Queue) -> None:
    done, runs, waits = [(await queue.submit()).name for _ in range(3)]
    await queue.answer(await queue.begin())
    await queue.begin()
    for condition, names in {
        "": [done, runs, waits],
        "done = false": [runs, waits],
        "state = RUNNING OR state = DONE": [done, runs],
        "state = HALTED": [],
    }.items():
        listed = (await queue.list(filter=condition)).operations
        assert [each.name for each in listed] == names
        assert all(each.WhichOneof("result") is None for each in listed)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "tenants/acme/operations"}, "name"),
        ({"page_size": -1}, "page_size"),
        ({"page_token": "x" * 257}, "page_token"),
        ({"page_token": "guessed"}, "page_token"),
        ({"page_token": token(NOW, "../operations")}, "page_token"),
        ({"page_token": token(NOW, "0" * 31 + "\0")}, "page_token"),
        ({"page_token": token("2026-11-27T12:00:00", "0" * 32)}, "page_token"),
        ({"page_token": token("0", "0" * 32)}, "page_token"),
        ({"page_token": token("0" * 32)}, "page_token"),
        ({"filter": "state = LOST"}, "filter"),
        ({"filter": "x" * 257}, "filter"),
        ({"return_partial_success": True}, "return_partial_success"),
    ],
)
async def test_a_list_outside_its_limits_is_refused(queue: Queue, given: dict[str, Any], field: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await queue.list(**given)
    assert set(fields(rpc_status.from_call(refused.value))) == {field}


async def test_the_token_of_a_page_is_of_its_list_and_caller(queue: Queue) -> None:
    for _ in range(2):
        await queue.submit()
        await queue.submit(BOB)
    token = (await queue.list(page_size=1)).next_page_token
    for other in ({"filter": "done = false"}, {"metadata": BOB}):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await queue.list(page_size=1, page_token=token, **other)
        assert info(refused.value).reason == "INVALID_REQUEST"


async def test_the_token_of_what_is_halted_names_an_operation(queue: Queue) -> None:
    guessed = PageTokens("halted operations", "acme").write(NOW, "\0" * 32)
    request = operation_service_pb2.ListHaltedOperationsRequest(page_token=guessed)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await queue.service.ListHaltedOperations(request, metadata=ACME, timeout=SECONDS)
    assert set(fields(rpc_status.from_call(refused.value))) == {"page_token"}


async def test_operators_see_what_is_halted_and_let_it_go_on(queue: Queue) -> None:
    names = [(await queue.submit(each)).name for each in (ACME, BOB, BOB, UMBRELLA)]
    for _ in names:
        claim = await queue.begin()
        await (queue.answer(claim) if names[0].endswith(claim.key.operation_id) else queue.halt(claim))
    request = operation_service_pb2.ListHaltedOperationsRequest(page_size=1)
    first = await queue.service.ListHaltedOperations(request, metadata=ACME, timeout=SECONDS)
    request.page_token = first.next_page_token
    second = await queue.service.ListHaltedOperations(request, metadata=ACME, timeout=SECONDS)
    assert [each.name for each in (*first.operations, *second.operations)] == [names[1], names[2]]
    assert second.next_page_token == ""
    (halted,) = first.operations
    assert (halted.metadata.attempts, halted.metadata.state) == (1, AnswerOperationMetadata.STATE_HALTED)
    assert halted.halt_time.ToDatetime(UTC) >= halted.metadata.create_time.ToDatetime(UTC)
    requeued = await queue.call("RequeueOperation", names[1])
    assert requeued.metadata.state == AnswerOperationMetadata.STATE_QUEUED
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await queue.call("RequeueOperation", names[1])
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert info(refused.value).reason == "OPERATION_NOT_HALTED"


async def test_the_queue_of_a_tenant_is_counted(queue: Queue) -> None:
    empty = await queue.service.GetQueue(operation_service_pb2.GetQueueRequest(), metadata=ACME, timeout=SECONDS)
    assert empty == operation_service_pb2.GetQueueResponse()
    names = [(await queue.submit()).name for _ in range(4)]
    await queue.begin()
    await queue.halt(await queue.begin())
    await queue.submit(UMBRELLA)
    depth = await queue.service.GetQueue(operation_service_pb2.GetQueueRequest(), metadata=ACME, timeout=SECONDS)
    assert (depth.queued, depth.running, depth.halted) == (2, 1, 1)
    assert depth.oldest_create_time == metadata_of(await queue.get(names[2])).create_time


async def test_records_that_cannot_be_asked_are_said_to_be_so(queue: Queue) -> None:
    submitted = await queue.submit()
    queue.disconnect()
    for calling in (queue.submit(), queue.list(), *(queue.call(method, submitted.name) for method in NAMING)):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await calling
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert info(refused.value).reason == "RECORDS_UNAVAILABLE"
    queue.connect()
    assert await queue.get(submitted.name) == submitted


async def until(holds: Any) -> None:
    """Let the server go on until something holds."""
    async with asyncio.timeout(SECONDS):
        while not holds():  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(0.001)

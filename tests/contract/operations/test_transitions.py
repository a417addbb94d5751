"""Every method on an operation in every state: what it returns, what becomes of the row, and what is written beside."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from groundwire_server.domain.operation import Bill, Claim, Operation, Webhook
from groundwire_server.domain.vocabulary import Cause, OperationState, Reason
from tests.contract.operations.queued import AMPLE, ATTEMPTS, KEEP, LEASE, Queue, SteppingClock

NAME = "one"
BILL = Bill(10, 20, 30)
QUEUED, RUNNING, IN_REVIEW, DONE, HALTED = OperationState

Method: TypeAlias = Callable[[Queue, Claim], Awaitable[object]]


METHODS: dict[str, Method] = {
    "get": lambda queue, claim: queue.records.get(claim.key),
    "cancel": lambda queue, claim: queue.records.cancel(claim.key),
    "delete": lambda queue, claim: queue.records.delete(claim.key),
    "claim": lambda queue, claim: queue.records.claim("w2", LEASE),
    "renew": lambda queue, claim: queue.records.renew(claim, LEASE),
    "complete": lambda queue, claim: queue.records.complete(claim, b"outcome", BILL, ["d1", "d2", "d1"]),
    "retry": lambda queue, claim: queue.records.retry(claim, Cause.MODEL_TIMEOUT, 0.0, BILL),
    "release": lambda queue, claim: queue.records.release(claim, 0.0, BILL),
    "refuse": lambda queue, claim: queue.records.refuse(claim, Reason.RIGHTS_WITHDRAWN, BILL),
    "requeue": lambda queue, claim: queue.requeued(NAME),
    "sweep": lambda queue, claim: queue.records.sweep(),
}


async def _claims(queue: Queue, attempts: int) -> Claim:
    """Take it up so often, each attempt but the last without an outcome."""
    claim = await queue.claim()
    for _ in range(attempts - 1):
        assert await queue.records.retry(claim, Cause.MODEL_UNAVAILABLE, 0.0, Bill())
        claim = await queue.claim()
    return claim


async def _queued(queue: Queue) -> Claim:
    claim = await _claims(queue, 1)
    assert await queue.records.retry(claim, Cause.MODEL_UNAVAILABLE, 0.0, Bill())
    return claim


async def _running(queue: Queue) -> Claim:
    return await _claims(queue, 1)


async def _last_running(queue: Queue) -> Claim:
    return await _claims(queue, ATTEMPTS)


async def _in_review(queue: Queue) -> Claim:
    claim = await _claims(queue, 1)
    await queue.write(NAME, state=IN_REVIEW)
    return claim


async def _done(queue: Queue) -> Claim:
    claim = await _claims(queue, 1)
    assert await queue.records.complete(claim, b"first", Bill(1, 1, 1), [])
    return claim


async def _halted(queue: Queue) -> Claim:
    claim = await _claims(queue, ATTEMPTS)
    assert await queue.records.retry(claim, Cause.MODEL_UNAVAILABLE, 0.0, Bill())
    return claim


STATES: dict[str, Callable[[Queue], Awaitable[Claim]]] = {
    "queued": _queued,
    "running": _running,
    "last running": _last_running,
    "in review": _in_review,
    "done": _done,
    "halted": _halted,
}

# By state: what the method returns, by its truth or its state, and the state of the row afterwards; None without one.
Expected: TypeAlias = dict[str, tuple[object, OperationState | None]]

TABLE: dict[str, Expected] = {
    "queued": {
        "get": (QUEUED, QUEUED),
        "cancel": (DONE, DONE),
        "delete": (True, None),
        "claim": (True, RUNNING),
        "renew": (False, QUEUED),
        "complete": (False, QUEUED),
        "retry": (False, QUEUED),
        "release": (False, QUEUED),
        "refuse": (False, QUEUED),
        "requeue": (Reason.OPERATION_NOT_HALTED, QUEUED),
        "sweep": (0, QUEUED),
    },
    "running": {
        "get": (RUNNING, RUNNING),
        "cancel": (DONE, DONE),
        "delete": (True, None),
        "claim": (False, RUNNING),
        "renew": (True, RUNNING),
        "complete": (True, DONE),
        "retry": (True, QUEUED),
        "release": (True, QUEUED),
        "refuse": (True, DONE),
        "requeue": (Reason.OPERATION_NOT_HALTED, RUNNING),
        "sweep": (0, RUNNING),
    },
    "last running": {
        "get": (RUNNING, RUNNING),
        "cancel": (DONE, DONE),
        "delete": (True, None),
        "claim": (False, RUNNING),
        "renew": (True, RUNNING),
        "complete": (True, DONE),
        "retry": (True, HALTED),
        "release": (True, QUEUED),
        "refuse": (True, DONE),
        "requeue": (Reason.OPERATION_NOT_HALTED, RUNNING),
        "sweep": (0, RUNNING),
    },
    "in review": {
        "get": (IN_REVIEW, IN_REVIEW),
        "cancel": (DONE, DONE),
        "delete": (True, None),
        "claim": (False, IN_REVIEW),
        "renew": (False, IN_REVIEW),
        "complete": (False, IN_REVIEW),
        "retry": (False, IN_REVIEW),
        "release": (False, IN_REVIEW),
        "refuse": (False, IN_REVIEW),
        "requeue": (Reason.OPERATION_NOT_HALTED, IN_REVIEW),
        "sweep": (0, IN_REVIEW),
    },
    "done": {
        "get": (DONE, DONE),
        "cancel": (DONE, DONE),
        "delete": (True, None),
        "claim": (False, DONE),
        "renew": (False, DONE),
        "complete": (False, DONE),
        "retry": (False, DONE),
        "release": (False, DONE),
        "refuse": (False, DONE),
        "requeue": (Reason.OPERATION_NOT_HALTED, DONE),
        "sweep": (0, DONE),
    },
    "halted": {
        "get": (HALTED, HALTED),
        "cancel": (DONE, DONE),
        "delete": (True, None),
        "claim": (False, HALTED),
        "renew": (False, HALTED),
        "complete": (False, HALTED),
        "retry": (False, HALTED),
        "release": (False, HALTED),
        "refuse": (False, HALTED),
        "requeue": (QUEUED, QUEUED),
        "sweep": (0, HALTED),
    },
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("state", STATES)
async def test_each_method_in_each_state(queue: Queue, state: str, method: str) -> None:
    await queue.accept(NAME)
    claim = await STATES[state](queue)
    returned = await METHODS[method](queue, claim)
    shown = returned.state if isinstance(returned, Operation) else returned
    expected, state_after = TABLE[state][method]
    assert (bool(shown) if isinstance(expected, bool) else shown) == expected
    assert await queue.state(NAME) == state_after


@pytest.mark.parametrize("state", ["queued", "running", "last running", "in review", "halted"])
@pytest.mark.parametrize("method", ["cancel", "delete", "complete", "refuse"])
async def test_whatever_ends_an_operation_settles_it_once(queue: Queue, state: str, method: str) -> None:
    await queue.accept(NAME)
    claim = await STATES[state](queue)
    before = len(await queue.events(NAME))
    posted = len(await queue.posts(NAME))
    if TABLE[state][method][1] not in {DONE, None}:
        await METHODS[method](queue, claim)
        assert (await queue.bill(NAME)).settled is None
        assert len(await queue.events(NAME)) == before
        assert len(await queue.posts(NAME)) == posted
        return
    for _ in range(2):
        await METHODS[method](queue, claim)
    event = {"cancel": "cancelled", "delete": "cancelled", "complete": "effect", "refuse": "refused"}[method]
    assert await queue.events(NAME) == [
        *(await queue.events(NAME))[:before],
        (event, claim.attempt),
        ("billed", claim.attempt),
    ]
    bill = await queue.bill(NAME)
    assert bill.settled is not None
    consumed = (10, 20, 30) if method in {"complete", "refuse"} else (0, 0, 0)
    assert (bill.input_tokens, bill.output_tokens, bill.cost_micros) == consumed
    # What an attempt has consumed whose end nobody waited for is not known.
    assert bill.lost_attempts == int(method in {"cancel", "delete"} and "running" in state)
    assert (await queue.posts(NAME))[-1] == "ended"


async def test_accepting_writes_the_row_the_history_the_ledger_and_the_outbox(queue: Queue) -> None:
    accepted = await queue.accept(NAME, cause=Cause.MODEL_RATE_LIMITED, end_user_id="user-1")
    assert accepted == await queue.records.get(queue.key(NAME))
    assert accepted.state is QUEUED
    assert accepted.cause is Cause.MODEL_RATE_LIMITED
    assert (accepted.attempts, accepted.position, accepted.begun, accepted.ended) == (0, 0, None, None)
    assert accepted.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert await queue.events(NAME) == [("accepted", 0)]
    assert await queue.posts(NAME) == ["work"]
    bill = await queue.bill(NAME)
    assert (bill.reserved_micros, bill.settled, bill.cost_micros) == (500, None, 0)


async def test_a_claim_carries_the_whole_question(queue: Queue, clock: SteppingClock) -> None:
    work = queue.work(
        NAME, cause=Cause.MODEL_UNAVAILABLE, webhook=Webhook("https://example.com/x", include_answer=True)
    )
    await queue.records.accept(queue.key(NAME), work, AMPLE)
    clock.step(5)
    claim = await queue.claim()
    assert (claim.key, claim.attempt, claim.work) == (queue.key(NAME), 1, work)
    assert claim.work.caller.credential == work.caller.credential
    assert await queue.events(NAME) == [("accepted", 0), ("begun", 1)]
    found = await queue.records.get(claim.key)
    assert found is not None
    assert (found.attempts, found.begun) == (1, clock.today())


async def test_a_result_is_kept_with_its_documents_and_without_its_question(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept(NAME)
    claim = await queue.claim()
    clock.step(2)
    assert await queue.records.complete(claim, b"outcome", BILL, ["d2", "d1", "d2"])
    found = await queue.records.get(claim.key)
    assert found is not None
    assert (found.result, found.error, found.ended) == (b"outcome", None, clock.today())
    assert found.expires == clock.today() + KEEP.done
    row = await queue.row(NAME)
    assert row.sealed_question is None
    assert b"outcome" not in row.sealed_result
    assert await queue.documents(NAME) == ["d1", "d2"]


async def test_an_error_and_a_cause_say_why_there_is_no_result(queue: Queue) -> None:
    await queue.accept(NAME)
    claim = await queue.claim()
    assert await queue.records.retry(claim, Cause.MODEL_TIMEOUT, 0.0, BILL)
    again = await queue.claim()
    assert await queue.records.refuse(again, Reason.RIGHTS_WITHDRAWN, BILL)
    found = await queue.records.get(claim.key)
    assert found is not None
    assert (found.error, found.cause, found.result) == (Reason.RIGHTS_WITHDRAWN, Cause.MODEL_TIMEOUT, None)
    bill = await queue.bill(NAME)
    assert (bill.input_tokens, bill.output_tokens, bill.cost_micros) == (20, 40, 60)


async def test_a_retry_is_due_after_its_wait(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept(NAME)
    assert await queue.records.retry(await queue.claim(), Cause.MODEL_TIMEOUT, 10.0, Bill())
    clock.step(9.999999)
    assert await queue.records.claim("w1", LEASE) is None
    clock.step(0.000001)
    assert (await queue.claim()).attempt == 2
    assert await queue.events(NAME) == [("accepted", 0), ("begun", 1), ("retried", 1), ("begun", 2)]
    assert await queue.posts(NAME) == ["work", "work"]


async def test_used_up_attempts_halt_and_an_operator_gives_as_many_again(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept(NAME, webhook=Webhook("https://example.com/x"))
    claim = await _halted(queue)
    found = await queue.records.get(claim.key)
    assert found is not None
    assert (found.state, found.cause, found.ended) == (HALTED, Cause.MODEL_UNAVAILABLE, clock.today())
    assert (await queue.events(NAME))[-1] == ("halted", ATTEMPTS)
    # It is not done: no webhook is sent.
    assert (await queue.posts(NAME))[-1] == "ended"
    assert "webhook" not in await queue.posts(NAME)
    assert (await queue.bill(NAME)).settled is None
    requeued = await queue.records.requeue("acme", claim.key.operation_id)
    assert requeued is not None
    assert (requeued.state, requeued.ended) == (QUEUED, None)
    assert (await queue.events(NAME))[-1] == ("requeued", ATTEMPTS)
    again = await _claims(queue, ATTEMPTS)
    assert again.attempt == 2 * ATTEMPTS
    assert await queue.records.retry(again, Cause.MODEL_UNAVAILABLE, 0.0, Bill())
    assert await queue.state(NAME) is HALTED


async def test_a_row_of_the_ledger_that_is_settled_takes_no_further_bill(queue: Queue) -> None:
    await queue.accept(NAME)
    await queue.settle(NAME)
    assert await queue.records.complete(await queue.claim(), b"outcome", BILL, [])
    bill = await queue.bill(NAME)
    assert (bill.settled, bill.cost_micros) == (1, 0)


@pytest.mark.parametrize("method", ["cancel", "complete", "refuse"])
async def test_an_end_is_posted_to_the_webhook(queue: Queue, method: str) -> None:
    await queue.accept(NAME, webhook=Webhook("https://example.com/x"))
    await METHODS[method](queue, await queue.claim())
    assert await queue.posts(NAME) == ["work", "ended", "webhook"]


async def test_no_webhook_is_sent_for_what_was_deleted(queue: Queue) -> None:
    await queue.accept(NAME, webhook=Webhook("https://example.com/x"))
    claim = await queue.claim()
    assert await queue.records.complete(claim, b"outcome", BILL, ["d1"])
    assert await queue.records.delete(claim.key)
    assert await queue.posts(NAME) == []
    assert await queue.documents(NAME) == []
    assert not await queue.records.delete(claim.key)

"""Giving a claim back: the operation waits on, and none of its attempts is used up."""

import pytest

from groundwire_server.domain.operation import Bill
from groundwire_server.domain.vocabulary import Cause, OperationState
from tests.contract.operations.queued import ATTEMPTS, Queue, SteppingClock

SPENT = Bill(1, 2, 3)


async def test_a_released_operation_waits_and_is_taken_up_with_the_next_number(
    queue: Queue, clock: SteppingClock
) -> None:
    await queue.accept("one")
    claim = await queue.claim()
    assert await queue.records.release(claim, 10.0, SPENT)
    assert await queue.state("one") is OperationState.QUEUED
    assert await queue.records.claim("w1", 30.0) is None
    clock.step(10)
    assert (await queue.claim()).attempt == 2
    assert await queue.events("one") == [("accepted", 0), ("begun", 1), ("released", 1), ("begun", 2)]
    bill = await queue.bill("one")
    assert (bill.input_tokens, bill.output_tokens, bill.cost_micros, bill.settled) == (1, 2, 3, None)


async def test_released_attempts_are_not_counted(queue: Queue) -> None:
    await queue.accept("one")
    for _ in range(3 * ATTEMPTS):
        assert await queue.records.release(await queue.claim(), 0.0, Bill())
    for _ in range(ATTEMPTS - 1):
        assert await queue.records.retry(await queue.claim(), Cause.MODEL_TIMEOUT, 0.0, Bill())
        assert await queue.state("one") is OperationState.QUEUED
    assert await queue.records.retry(await queue.claim(), Cause.MODEL_TIMEOUT, 0.0, Bill())
    assert await queue.state("one") is OperationState.HALTED


@pytest.mark.parametrize("how", ["overtaken", "cancelled", "twice"])
async def test_a_claim_that_holds_no_more_releases_nothing(queue: Queue, clock: SteppingClock, how: str) -> None:
    await queue.accept("one")
    claim = await queue.claim()
    match how:
        case "overtaken":
            clock.step(31)
            await queue.claim("w2")
        case "cancelled":
            await queue.records.cancel(queue.key("one"))
        case _:
            assert await queue.records.release(claim, 0.0, Bill())
    before = await queue.events("one")
    assert not await queue.records.release(claim, 0.0, SPENT)
    assert await queue.events("one") == before
    assert (await queue.bill("one")).cost_micros == 0

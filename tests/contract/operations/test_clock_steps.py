"""The wall clock steps by hours, forth or back, while operations wait, run, wait for another attempt or are halted."""

from collections.abc import Awaitable, Callable

import pytest

from groundwire_server.domain.operation import Bill, Claim
from groundwire_server.domain.vocabulary import Cause, OperationState, Reason
from groundwire_server.work.history import HistoryEvent, check_history
from tests.contract.operations.queued import ATTEMPTS, LEASE, Queue, SteppingClock

NAME = "one"
HOURS = 2 * 3600.0
DAY = 24 * 3600.0
BILL = Bill(1, 1, 1)


async def waiting(queue: Queue) -> None:
    """Leave it as it was accepted."""


async def running(queue: Queue) -> None:
    await queue.claim("gone")


async def retried(queue: Queue) -> None:
    assert await queue.records.retry(await queue.claim(), Cause.MODEL_TIMEOUT, 10.0, BILL)


async def released(queue: Queue) -> None:
    assert await queue.records.release(await queue.claim(), 0.0, BILL)


async def halted(queue: Queue) -> None:
    for _ in range(ATTEMPTS):
        assert await queue.records.retry(await queue.claim(), Cause.MODEL_TIMEOUT, 0.0, BILL)


BEFORE: dict[str, Callable[[Queue], Awaitable[None]]] = {
    each.__name__: each for each in (waiting, running, retried, released, halted)
}


async def _until_claimed(queue: Queue, clock: SteppingClock) -> Claim:
    """Let time pass, and an operator requeue what is halted, until a worker gets the operation."""
    while (claim := await queue.records.claim("later", LEASE)) is None:
        if await queue.state(NAME) is OperationState.HALTED:
            assert await queue.records.requeue("acme", queue.key(NAME).operation_id) is not None
        clock.step(60.0)
    return claim


@pytest.mark.parametrize("step", [HOURS, -HOURS])
@pytest.mark.parametrize("before", BEFORE)
async def test_what_was_accepted_is_answered_and_billed_once(
    queue: Queue, clock: SteppingClock, before: str, step: float
) -> None:
    await queue.accept(NAME, within=DAY)
    await BEFORE[before](queue)
    clock.step(step)
    await queue.records.sweep()
    claim = await _until_claimed(queue, clock)
    assert await queue.records.complete(claim, b"outcome", BILL, [])
    clock.step(-step)
    await queue.records.sweep()
    assert await queue.records.claim("later", LEASE) is None
    report = check_history(await queue.records.history(0, 1000), [queue.key(NAME).operation_id])
    assert (report.faults, report.ends) == ((), {HistoryEvent.EFFECT: 1})
    assert (await queue.bill(NAME)).settled is not None


@pytest.mark.parametrize("before", [waiting, released], ids=["accepted", "released"])
async def test_what_need_not_wait_does_not_wait_for_a_clock_that_stepped_back(
    queue: Queue, clock: SteppingClock, before: Callable[[Queue], Awaitable[None]]
) -> None:
    await queue.accept(NAME)
    await before(queue)
    clock.step(-HOURS)
    assert await queue.records.claim("w1", LEASE) is not None


async def test_a_requeued_operation_does_not_wait_for_a_clock_that_stepped_back(
    queue: Queue, clock: SteppingClock
) -> None:
    await queue.accept(NAME)
    await halted(queue)
    assert await queue.requeued(NAME)
    clock.step(-HOURS)
    assert await queue.records.claim("w1", LEASE) is not None


@pytest.mark.parametrize("step", [HOURS, -HOURS])
async def test_a_worker_that_goes_on_renewing_has_a_lease_of_its_length_again(
    queue: Queue, clock: SteppingClock, step: float
) -> None:
    await queue.accept(NAME, within=DAY)
    claim = await queue.claim("w1")
    clock.step(step)
    assert await queue.records.renew(claim, LEASE)
    assert await queue.records.claim("w2", LEASE) is None
    clock.step(LEASE)
    assert (await queue.claim("w2")).attempt == 2


async def test_a_clock_that_steps_past_an_expiry_ends_the_operation_for_good_with_its_reason(
    queue: Queue, clock: SteppingClock
) -> None:
    await queue.accept(NAME)
    clock.step(HOURS)
    assert await queue.records.sweep() == 1
    clock.step(-HOURS)
    assert await queue.records.claim("w1", LEASE) is None
    found = await queue.records.get(queue.key(NAME))
    assert found is not None
    assert (found.state, found.error) == (OperationState.DONE, Reason.OPERATION_EXPIRED)
    report = check_history(await queue.records.history(0, 1000))
    assert (report.faults, report.ends) == ((), {HistoryEvent.EXPIRED: 1})

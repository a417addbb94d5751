"""Leases and fencing: one worker at a time has a say, whatever the clocks do."""

import pytest

from groundwire_server.domain.operation import Bill
from groundwire_server.domain.vocabulary import Cause, OperationState, Reason
from tests.contract.operations.queued import ANSWER_WITHIN, ATTEMPTS, LEASE, Queue, SteppingClock

NAME = "one"


async def test_a_lease_holds_until_its_exact_end(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept(NAME)
    first = await queue.claim("w1")
    clock.step(LEASE - 0.000001)
    assert await queue.records.claim("w2", LEASE) is None
    clock.step(0.000001)
    second = await queue.claim("w2")
    assert (first.attempt, second.attempt) == (1, 2)


async def test_a_renewed_lease_holds_for_longer(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept(NAME)
    claim = await queue.claim("w1")
    for _ in range(5):
        clock.step(LEASE - 1)
        assert await queue.records.renew(claim, LEASE)
        assert await queue.records.claim("w2", LEASE) is None
    assert await queue.records.complete(claim, b"outcome", Bill(), [])


async def test_who_has_lost_an_operation_has_no_say(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept(NAME)
    lost = await queue.claim("w1")
    clock.step(LEASE)
    held = await queue.claim("w2")
    records, bill = queue.records, Bill(1, 1, 1)
    assert not await records.renew(lost, LEASE)
    assert not await records.complete(lost, b"late", bill, ["d1"])
    assert not await records.retry(lost, Cause.MODEL_TIMEOUT, 0.0, bill)
    assert not await records.refuse(lost, Reason.RIGHTS_WITHDRAWN, bill)
    assert await queue.documents(NAME) == []
    assert (await queue.bill(NAME)).cost_micros == 0
    assert await records.complete(held, b"outcome", bill, [])
    assert not await records.complete(held, b"again", bill, [])
    found = await records.get(held.key)
    assert found is not None
    assert found.result == b"outcome"
    assert await queue.events(NAME) == [("accepted", 0), ("begun", 1), ("begun", 2), ("effect", 2), ("billed", 2)]


async def test_a_lost_attempt_is_counted_in_the_ledger(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept(NAME)
    await queue.claim("w1")
    clock.step(LEASE)
    assert await queue.records.complete(await queue.claim("w2"), b"outcome", Bill(1, 2, 3), [])
    bill = await queue.bill(NAME)
    assert (bill.lost_attempts, bill.cost_micros) == (1, 3)


async def test_a_worker_that_is_late_but_not_replaced_still_delivers(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept(NAME)
    claim = await queue.claim("w1")
    clock.step(LEASE * 3)
    assert await queue.records.renew(claim, LEASE)
    clock.step(LEASE * 3)
    assert await queue.records.complete(claim, b"outcome", Bill(), [])
    assert (await queue.bill(NAME)).lost_attempts == 0


@pytest.mark.parametrize("by_sweep", [False, True])
async def test_workers_that_die_use_the_attempts_up(queue: Queue, clock: SteppingClock, *, by_sweep: bool) -> None:
    await queue.accept(NAME)
    for attempt in range(1, ATTEMPTS + 1):
        assert (await queue.claim("w1")).attempt == attempt
        clock.step(LEASE)
    if by_sweep:
        assert await queue.records.sweep() == 1
    else:
        assert await queue.records.claim("w1", LEASE) is None
    assert await queue.state(NAME) is OperationState.HALTED
    assert (await queue.events(NAME))[-1] == ("halted", ATTEMPTS)
    assert (await queue.bill(NAME)).lost_attempts == ATTEMPTS
    assert (await queue.posts(NAME))[-1] == "ended"


@pytest.mark.parametrize("steps", [(-86_400.0, 86_400.0), (86_400.0 / 48, -86_400.0), (-5.0, 3.0, -5.0)])
async def test_a_clock_that_steps_never_gives_two_workers_a_say(
    queue: Queue, clock: SteppingClock, steps: tuple[float, ...]
) -> None:
    await queue.accept(NAME, within=30 * 86_400.0)
    claims = [await queue.claim("w1")]
    for step in steps:
        clock.step(step)
        if claim := await queue.records.claim("w2", LEASE):
            claims.append(claim)
    assert [claim.attempt for claim in claims] == list(range(1, len(claims) + 1))
    effects = [await queue.records.complete(claim, b"outcome", Bill(1, 1, 1), []) for claim in claims]
    assert effects == [False] * (len(claims) - 1) + [True]
    assert (await queue.bill(NAME)).cost_micros == 1


async def test_a_clock_that_stepped_back_keeps_the_order(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept("first")
    clock.step(-600)
    await queue.accept("second")
    clock.step(600)
    assert await queue.drain() == ["first", "second"]


async def test_a_claim_expires_with_its_operation(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept(NAME)
    claim = await queue.claim("w1", ANSWER_WITHIN * 2)
    clock.step(ANSWER_WITHIN)
    assert await queue.records.sweep() == 1
    assert not await queue.records.renew(claim, LEASE)
    assert not await queue.records.complete(claim, b"late", Bill(1, 1, 1), [])
    bill = await queue.bill(NAME)
    assert (bill.lost_attempts, bill.cost_micros) == (1, 0)

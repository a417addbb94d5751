"""Expiry, and how long what is over is kept."""

from datetime import timedelta

import pytest

from groundwire_server.domain.operation import Bill, Webhook
from groundwire_server.domain.vocabulary import Cause, OperationState, Reason
from tests.contract.operations.queued import ANSWER_WITHIN, ATTEMPTS, KEEP, LEASE, Queue, SteppingClock

NAME = "one"


async def test_an_operation_is_taken_up_until_the_exact_instant(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept("at the end")
    await queue.accept("too late")
    clock.step(ANSWER_WITHIN - 0.000001)
    assert (await queue.claim()).work.question.text == "at the end"
    clock.step(0.000001)
    assert await queue.records.claim("w1", LEASE) is None


@pytest.mark.parametrize("looks", [False, True], ids=["swept", "looked at"])
@pytest.mark.parametrize("state", ["queued", "running", "halted"])
async def test_what_is_not_done_ends_with_its_time(
    queue: Queue, clock: SteppingClock, state: str, *, looks: bool
) -> None:
    await queue.accept(NAME, webhook=Webhook("https://example.com/x"))
    for _ in range({"queued": 0, "running": 1, "halted": ATTEMPTS}[state]):
        claim = await queue.claim("w1", 2 * ANSWER_WITHIN)
        if state == "halted":
            assert await queue.records.retry(claim, Cause.MODEL_TIMEOUT, 0.0, Bill(1, 1, 1))
    clock.step(ANSWER_WITHIN - 0.000001)
    assert await queue.records.sweep() == 0
    assert await queue.state(NAME) is not OperationState.DONE
    clock.step(0.000001)
    if not looks:
        assert await queue.records.sweep() == 1
    found = await queue.records.get(queue.key(NAME))
    assert found is not None
    assert (found.state, found.error, found.ended) == (
        OperationState.DONE,
        Reason.OPERATION_EXPIRED,
        clock.today(),
    )
    assert found.expires == clock.today() + KEEP.done
    assert [event for event, _ in await queue.events(NAME)][-2:] == ["expired", "billed"]
    assert (await queue.posts(NAME))[-2:] == ["ended", "webhook"]
    bill = await queue.bill(NAME)
    assert bill.settled is not None
    assert bill.lost_attempts == int(state == "running")
    assert await queue.records.sweep() == 0


async def test_no_clock_takes_back_what_was_shown_as_expired(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept(NAME)
    claim = await queue.claim("w1", 2 * ANSWER_WITHIN)
    clock.step(ANSWER_WITHIN)
    assert await queue.state(NAME) is OperationState.DONE
    clock.step(-ANSWER_WITHIN)
    assert not await queue.records.complete(claim, b"late", Bill(), [])
    found = await queue.records.get(queue.key(NAME))
    assert found is not None
    assert found.error is Reason.OPERATION_EXPIRED


async def test_a_halted_operation_that_has_expired_is_not_requeued(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept(NAME)
    await queue.write(NAME, state=OperationState.HALTED)
    clock.step(ANSWER_WITHIN)
    assert await queue.requeued(NAME) is Reason.OPERATION_NOT_HALTED
    assert await queue.records.claim("w1", LEASE) is None


async def test_what_is_done_is_forgotten_after_its_time(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept(NAME)
    assert await queue.records.complete(await queue.claim(), b"outcome", Bill(), ["d1"])
    clock.step(KEEP.done.total_seconds() - 0.000001)
    assert await queue.state(NAME) is OperationState.DONE
    clock.step(0.000001)
    assert await queue.state(NAME) is None
    assert await queue.records.page("acme", None, [], None, 10) == []
    assert not await queue.records.delete(queue.key(NAME))
    assert await queue.records.cancel(queue.key(NAME)) is None
    assert await queue.records.sweep() == 1
    assert await queue.documents(NAME) == []
    # The history and the ledger hold no texts, and are kept for longer.
    assert len(await queue.events(NAME)) == 4
    clock.step((KEEP.history - KEEP.done).total_seconds())
    assert await queue.records.sweep() == 4
    assert await queue.events(NAME) == []
    clock.step((KEEP.ledger - KEEP.history).total_seconds())
    assert await queue.records.sweep() == 1


async def test_a_row_of_the_ledger_is_kept_until_it_is_settled(queue: Queue, clock: SteppingClock) -> None:
    within = 2 * KEEP.ledger
    await queue.accept(NAME, within=within.total_seconds())
    clock.step((within - timedelta(hours=1)).total_seconds())
    await queue.records.sweep()
    assert (await queue.bill(NAME)).settled is None


async def test_a_sweep_ends_more_than_one_batch(queue: Queue, clock: SteppingClock) -> None:
    await queue.fill("a", 1201)
    clock.step(ANSWER_WITHIN)
    assert await queue.records.sweep() == 1201
    depth = await queue.records.depth(None)
    assert depth.counts == {}
    assert depth.oldest is None

"""The outbox on both databases: entries are claimed until they are done."""

import pytest

from groundwire_server.adapters.records.encryption import Sealing, SealingKey
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.operations.rows import OperationRows
from groundwire_server.adapters.records.outbox import SqlOutboxRecords
from groundwire_server.domain.operation import Bill, Webhook
from groundwire_server.domain.vocabulary import Cause, OperationState
from groundwire_server.ports.outbox import OutboxEntry, OutboxKind
from tests.contract.operations.queued import CODEC, Queue, SteppingClock

LEASE = 60.0
WEBHOOK = Webhook("https://hooks.example.com/answers", include_answer=True)


@pytest.fixture
def outbox(database: RecordsDatabase, clock: SteppingClock) -> SqlOutboxRecords:
    return SqlOutboxRecords(database, OperationRows(Sealing([SealingKey("k1", bytes(32))]), CODEC), clock)


async def answered(queue: Queue, name: str = "a") -> None:
    """Have an operation with a webhook done."""
    await queue.accept(name, webhook=WEBHOOK)
    assert await queue.records.complete(await queue.claim(), b"answer", Bill(), ())


async def claimed(outbox: SqlOutboxRecords, most: int = 100) -> list[OutboxEntry]:
    return list(await outbox.claim(most, LEASE))


async def test_an_entry_is_claimed_once_until_its_lease_is_over(
    queue: Queue, outbox: SqlOutboxRecords, clock: SteppingClock
) -> None:
    await answered(queue)
    first = await claimed(outbox)
    assert [(entry.kind, entry.attempt) for entry in first] == [
        (OutboxKind.WORK, 1),
        (OutboxKind.ENDED, 1),
        (OutboxKind.WEBHOOK, 1),
    ]
    clock.step(LEASE - 1)
    assert await claimed(outbox) == []
    clock.step(1)
    assert [entry.attempt for entry in await claimed(outbox)] == [2, 2, 2]


async def test_an_entry_that_is_done_is_forgotten_and_no_other(
    queue: Queue, outbox: SqlOutboxRecords, clock: SteppingClock
) -> None:
    await answered(queue)
    work, ended, _webhook = await claimed(outbox)
    await outbox.done([work, ended])
    assert await queue.posts("a") == ["webhook"]
    await outbox.done([])
    clock.step(LEASE)
    assert [entry.kind for entry in await claimed(outbox)] == [OutboxKind.WEBHOOK]


async def test_one_whose_claim_was_taken_over_has_no_say(
    queue: Queue, outbox: SqlOutboxRecords, clock: SteppingClock
) -> None:
    await answered(queue)
    stale = await claimed(outbox)
    clock.step(LEASE)
    held = await claimed(outbox)
    await outbox.done(stale)
    await outbox.retry(stale[0], 0)
    assert await claimed(outbox) == []
    assert len(await queue.posts("a")) == len(held)
    await outbox.done(held)
    assert await queue.posts("a") == []


async def test_an_entry_to_be_tried_again_is_due_after_its_wait(
    queue: Queue, outbox: SqlOutboxRecords, clock: SteppingClock
) -> None:
    await answered(queue)
    *others, webhook = await claimed(outbox)
    await outbox.done(others)
    await outbox.retry(webhook, 300)
    clock.step(299)
    assert await claimed(outbox) == []
    clock.step(1)
    assert [(entry.number, entry.attempt) for entry in await claimed(outbox)] == [(webhook.number, 2)]


async def test_work_that_waits_for_another_attempt_is_woken_for_when_it_is_due(
    queue: Queue, outbox: SqlOutboxRecords, clock: SteppingClock
) -> None:
    await queue.accept("a")
    await outbox.done(await claimed(outbox))
    assert await queue.records.retry(await queue.claim(), Cause.MODEL_UNAVAILABLE, 30, Bill())
    assert await claimed(outbox) == []
    clock.step(30)
    assert [entry.kind for entry in await claimed(outbox)] == [OutboxKind.WORK]


async def test_no_more_is_claimed_than_asked_for(queue: Queue, outbox: SqlOutboxRecords) -> None:
    for name in "abc":
        await queue.accept(name)
    assert [len(await claimed(outbox, most=2)) for _ in range(3)] == [2, 1, 0]


async def test_webhooks_of_one_tenant_hold_up_neither_those_of_another_nor_wake_ups(
    queue: Queue, outbox: SqlOutboxRecords, clock: SteppingClock
) -> None:
    for name in "abcd":
        await answered(queue, name)
    await outbox.done([entry for entry in await claimed(outbox) if entry.kind is not OutboxKind.WEBHOOK])
    clock.step(LEASE)
    await queue.accept("e", "globex", webhook=WEBHOOK)
    assert await queue.records.complete(await queue.claim(), b"answer", Bill(), ())
    first = await claimed(outbox, most=4)
    assert {(entry.tenant, entry.kind) for entry in first} == {
        ("acme", OutboxKind.WEBHOOK),
        ("globex", OutboxKind.WORK),
        ("globex", OutboxKind.ENDED),
        ("globex", OutboxKind.WEBHOOK),
    }
    assert [entry.tenant for entry in await claimed(outbox)] == ["acme"] * 3


async def test_a_receiver_that_is_slow_does_not_hold_up_another_of_the_tenant(
    queue: Queue, outbox: SqlOutboxRecords
) -> None:
    for name in "abcde":
        await queue.accept(name)
    *others, last = await claimed(outbox)
    for other in others:
        await outbox.spread(other, ["dead"])
    await outbox.spread(last, ["healthy"])
    assert {entry.receiver for entry in await claimed(outbox, most=2)} == {"dead", "healthy"}


async def test_a_notice_holds_the_operation_and_the_address(queue: Queue, outbox: SqlOutboxRecords) -> None:
    await answered(queue)
    *_others, webhook = await claimed(outbox)
    notice = await outbox.notice(webhook)
    assert notice is not None
    assert notice.webhook == WEBHOOK
    assert (notice.operation.state, notice.operation.result) == (OperationState.DONE, b"answer")
    assert notice.operation.key == queue.key("a")


async def test_there_is_no_notice_of_an_operation_that_was_forgotten_or_cannot_be_read(
    queue: Queue, outbox: SqlOutboxRecords, database: RecordsDatabase, clock: SteppingClock
) -> None:
    await answered(queue)
    *_others, webhook = await claimed(outbox)
    other_key = OperationRows(Sealing([SealingKey("k2", bytes(31) + b"x")]), CODEC)
    assert await SqlOutboxRecords(database, other_key, clock).notice(webhook) is None
    assert await queue.records.delete(queue.key("a"))
    assert await outbox.notice(webhook) is None
    assert await queue.posts("a") == []


async def test_an_entry_is_spread_over_its_receivers_once(
    queue: Queue, outbox: SqlOutboxRecords, clock: SteppingClock
) -> None:
    await answered(queue)
    work, *others = await claimed(outbox)
    await outbox.done(others)
    await outbox.spread(work, ["jira", "audit"])
    await outbox.spread(work, ["jira"])
    spread = await claimed(outbox)
    assert [(each.kind, each.receiver, each.attempt) for each in spread] == [
        (OutboxKind.WORK, "jira", 1),
        (OutboxKind.WORK, "audit", 1),
    ]
    await outbox.spread(spread[0], [])
    clock.step(LEASE)
    assert [each.receiver for each in await claimed(outbox)] == ["audit"]

"""Accepting: one operation a request id, and the bounds of what may wait."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from groundwire_server.adapters.records.encryption import Sealing, SealingKey
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.operations.sql import SqlOperationRecords
from groundwire_server.domain.operation import Bill
from groundwire_server.domain.vocabulary import Cause, OperationState
from groundwire_server.ports.operations import FingerprintError, QuestionTooLargeError, QueueBounds, QueueFullError
from tests.contract.operations.queued import AMPLE, ATTEMPTS, CODEC, KEEP, Queue, SteppingClock


async def test_the_same_request_is_accepted_once(queue: Queue, clock: SteppingClock) -> None:
    first = await queue.accept("one", request_id="r1")
    clock.step(1)
    again = await queue.accept("two", request_id="r1")
    assert again == first
    assert await queue.events("one") == [("accepted", 0)]
    assert await queue.events("two") == []
    assert await queue.records.page("acme", None, [], None, 10) == [first]


async def test_the_same_request_finds_what_has_become_of_it(queue: Queue) -> None:
    await queue.accept("one", request_id="r1")
    assert await queue.records.complete(await queue.claim(), b"outcome", Bill(), [])
    again = await queue.accept("two", request_id="r1")
    assert (again.state, again.key, again.result) == (OperationState.DONE, queue.key("one"), b"outcome")


async def test_the_same_request_is_found_when_nothing_more_may_wait(queue: Queue) -> None:
    full = replace(AMPLE, waiting=1, waiting_per_tenant=1)
    first = await queue.accept("one", request_id="r1", bounds=full)
    assert await queue.accept("two", request_id="r1", bounds=full) == first


async def test_another_request_may_not_have_the_request_id(queue: Queue) -> None:
    await queue.accept("one", request_id="r1")
    with pytest.raises(FingerprintError):
        await queue.accept("two", request_id="r1", fingerprint=b"another")
    assert await queue.events("two") == []


@pytest.mark.parametrize(("tenant", "subject"), [("acme", "bob"), ("globex", "ann")])
async def test_request_ids_of_others_are_others(queue: Queue, tenant: str, subject: str) -> None:
    await queue.accept("one", request_id="r1")
    other = await queue.accept("two", tenant, subject, request_id="r1", fingerprint=b"another")
    assert other.key == queue.key("two", tenant, subject)


async def test_a_deleted_operation_frees_its_request_id(queue: Queue) -> None:
    await queue.accept("one", request_id="r1")
    assert await queue.records.delete(queue.key("one"))
    assert (await queue.accept("two", request_id="r1", fingerprint=b"another")).key == queue.key("two")


async def test_ten_accepts_of_one_request_at_once_make_one_operation(queue: Queue) -> None:
    accepted = await asyncio.gather(*(queue.accept(f"op{number}", request_id="r1") for number in range(10)))
    assert len({each.key for each in accepted}) == 1
    assert len(await queue.records.page("acme", None, [], None, 20)) == 1
    assert [each.event for each in await queue.records.history(0, 100)] == ["accepted"]


@pytest.mark.parametrize(
    ("bounds", "of_tenant"),
    [
        (replace(AMPLE, waiting=2, waiting_per_tenant=9), False),
        (replace(AMPLE, waiting=9, waiting_per_tenant=2), True),
        (replace(AMPLE, waiting=2, waiting_per_tenant=2), True),
    ],
)
async def test_no_more_may_wait_than_the_bounds_say(queue: Queue, bounds: QueueBounds, *, of_tenant: bool) -> None:
    await queue.accept("one", bounds=bounds)
    await queue.accept("two", bounds=bounds)
    with pytest.raises(QueueFullError) as full:
        await queue.accept("three", bounds=bounds)
    assert full.value.tenant is of_tenant
    assert await queue.events("three") == []
    # What a worker has taken up waits no more.
    await queue.claim()
    await queue.accept("three", bounds=bounds)


async def test_a_tenant_at_its_bound_leaves_room_to_others(queue: Queue) -> None:
    bounds = replace(AMPLE, waiting=9, waiting_per_tenant=1)
    await queue.accept("one", bounds=bounds)
    await queue.accept("two", "globex", bounds=bounds)
    with pytest.raises(QueueFullError):
        await queue.accept("three", bounds=bounds)


async def test_what_is_halted_counts_until_an_operator_has_looked(queue: Queue) -> None:
    bounds = replace(AMPLE, waiting_per_tenant=1)
    await queue.accept("one", bounds=bounds)
    for _ in range(ATTEMPTS):
        assert await queue.records.retry(await queue.claim(), Cause.MODEL_TIMEOUT, 0.0, Bill())
    with pytest.raises(QueueFullError):
        await queue.accept("two", bounds=bounds)


async def test_a_question_that_is_too_large_does_not_wait(queue: Queue) -> None:
    bounds = replace(AMPLE, question_bytes=1000)
    await queue.accept("x" * 100, request_id="small", bounds=bounds)
    with pytest.raises(QuestionTooLargeError):
        await queue.accept("x" * 1000, request_id="large", bounds=bounds)


async def test_bounds_hold_among_those_that_are_accepted_at_once(queue: Queue) -> None:
    bounds = replace(AMPLE, waiting=5, waiting_per_tenant=5)
    at_once = 8
    results = await asyncio.gather(
        *(queue.accept(f"op{number}", bounds=bounds) for number in range(40)), return_exceptions=True
    )
    refused = [each for each in results if isinstance(each, QueueFullError)]
    accepted = [each for each in results if not isinstance(each, BaseException)]
    assert len(refused) + len(accepted) == len(results)
    # In PostgreSQL each counts without those that are accepted at the same moment: as many as there are connections.
    assert 5 <= len(accepted) < 5 + at_once


async def test_a_claim_holds_what_was_accepted(queue: Queue) -> None:
    work = queue.work("one", cause=Cause.MODEL_RATE_LIMITED)
    frozen = replace(work, rights_frozen=True, traceparent="", answer_by=work.answer_by + timedelta(microseconds=7))
    await queue.records.accept(queue.key("one"), frozen, AMPLE)
    assert (await queue.claim()).work == frozen


async def test_a_request_whose_operation_is_kept_no_longer_is_accepted_anew(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept("one", request_id="r1")
    assert await queue.records.complete(await queue.claim(), b"outcome", Bill(), ["a.md"])
    clock.step(KEEP.done.total_seconds())
    assert (await queue.accept("two", request_id="r1", fingerprint=b"another")).key == queue.key("two")
    assert (await queue.claim()).work.question.text == "two"


async def test_what_tells_requests_apart_cannot_be_guessed_from_a_row(queue: Queue) -> None:
    await queue.accept("one", fingerprint=b"made of the question")
    await queue.accept("two", fingerprint=b"made of the question")
    rows = [await queue.row(name) for name in ("one", "two")]
    assert b"made of the question" not in rows[0].fingerprint
    assert rows[0].fingerprint != rows[1].fingerprint


async def test_the_same_request_is_recognised_after_the_key_was_replaced(
    queue: Queue, database: RecordsDatabase, clock: SteppingClock
) -> None:
    first = await queue.accept("one", request_id="r1")
    keys = [SealingKey("k2", b"2" * 32), SealingKey("k1", bytes(32))]
    rotated = SqlOperationRecords(database, Sealing(keys), CODEC, clock, attempts=ATTEMPTS, keep=KEEP)
    again = await Queue(rotated, database, clock).accept("two", request_id="r1")
    assert again.key == first.key

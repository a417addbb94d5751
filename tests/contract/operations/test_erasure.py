"""Erasing operations on every database: nothing of their texts or names is left, and numbers stay."""

from collections.abc import Sequence
from datetime import timedelta
from math import inf
from pathlib import Path

import pytest

from groundwire_server.adapters.records.encryption import Sealing, SealingKey
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.erasure import SqlRecordErasure
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import (
    EntireTenant,
    ErasedPlace,
    OneDocument,
    OneEndUser,
    OneSource,
    OneSubject,
    RecordErasure,
    RecordSelection,
)
from groundwire_server.domain.operation import Bill, Webhook
from groundwire_server.domain.vocabulary import Cause, OperationState, Reason
from tests.contract.operations.queued import ATTEMPTS, Queue, SteppingClock

EVER = Deadline(inf)
BILL = Bill(10, 20, 30)


@pytest.fixture
def erasure(database: RecordsDatabase, clock: SteppingClock) -> SqlRecordErasure:
    return SqlRecordErasure(database, Sealing([SealingKey("k1", bytes(32))]), clock, timedelta(days=1))


async def erase(erasure: SqlRecordErasure, selection: RecordSelection, tenant: str = "acme") -> ErasedPlace:
    return (await erasure.erase(RecordErasure(tenant, selection), EVER))[0]


async def answered(queue: Queue, name: str, documents: Sequence[str] = ()) -> None:
    """Accept an operation and work it off."""
    await queue.accept(name)
    assert await queue.records.complete(await queue.claim(), b"the answer", BILL, documents)


@pytest.mark.parametrize("selection", [EntireTenant(), OneSubject("ann")])
async def test_rows_of_a_tenant_or_subject_are_gone_and_the_ledger_keeps_numbers(
    queue: Queue, erasure: SqlRecordErasure, selection: RecordSelection
) -> None:
    await answered(queue, "done", ["a.md"])
    await queue.accept("waiting", webhook=Webhook("https://hooks.example.com"))
    place = await erase(erasure, selection)
    assert (place.count, place.complete) == (2, True)
    assert await queue.state("done") is None
    assert await queue.state("waiting") is None
    assert await queue.documents("done") == []
    assert await queue.posts("waiting") == ["ended"]
    bill = await queue.bill("done")
    assert (bill.input_tokens, bill.output_tokens, bill.cost_micros) == (10, 20, 30)
    assert bill.subject.startswith("erased-")
    assert (await queue.bill("waiting")).settled is not None
    assert (await queue.events("waiting"))[-2:] == [("erased", 0), ("billed", 0)]


async def test_those_of_another_tenant_or_subject_stay(queue: Queue, erasure: SqlRecordErasure) -> None:
    await queue.accept("theirs", "other", "ann")
    await queue.accept("hers", "acme", "bea")
    assert (await erase(erasure, OneSubject("ann"))).count == 0
    assert await queue.state("theirs", "other", "ann") is OperationState.QUEUED
    assert await queue.state("hers", "acme", "bea") is OperationState.QUEUED
    assert (await queue.bill("hers")).subject == "bea"


async def test_an_end_users_texts_go_and_the_operation_ends_with_erased(
    queue: Queue, erasure: SqlRecordErasure
) -> None:
    await queue.accept("mine", end_user_id="visitor@example.com")
    await queue.accept("others", end_user_id="somebody@example.com")
    assert (await erase(erasure, OneEndUser("visitor@example.com"))).count == 1
    found = await queue.records.get(queue.key("mine"))
    assert found is not None
    assert (found.state, found.error, found.result) == (OperationState.DONE, Reason.ERASED, None)
    row = await queue.row("mine")
    assert (row.end_user, row.sealed_question, row.sealed_webhook) == ("", None, None)
    assert await queue.state("others") is OperationState.QUEUED
    assert (await erase(erasure, OneEndUser("visitor@example.com"))).count == 0


async def test_an_end_user_is_found_who_asked_before_the_key_was_replaced(
    queue: Queue, database: RecordsDatabase, clock: SteppingClock
) -> None:
    await queue.accept("before", end_user_id="visitor@example.com")
    rotated = Sealing([SealingKey("k2", b"x" * 32), SealingKey("k1", bytes(32))])
    place = await erase(
        SqlRecordErasure(database, rotated, clock, timedelta(days=1)), OneEndUser("visitor@example.com")
    )
    assert place.count == 1


async def test_the_name_of_an_end_user_is_not_in_the_row(queue: Queue) -> None:
    await queue.accept("mine", end_user_id="visitor@example.com")
    assert "visitor" not in repr(await queue.row("mine"))


async def test_answers_that_cite_a_document_go(queue: Queue, erasure: SqlRecordErasure) -> None:
    await answered(queue, "cites", ["a.md", "b.md"])
    await answered(queue, "does-not", ["b.md"])
    assert (await erase(erasure, OneDocument("a.md"))).count == 1
    found = await queue.records.get(queue.key("cites"))
    assert found is not None
    assert (found.error, found.result) == (Reason.ERASED, None)
    kept = await queue.records.get(queue.key("does-not"))
    assert kept is not None
    assert kept.result == b"the answer"


async def test_answers_of_a_source_go_with_all_that_cite_documents(queue: Queue, erasure: SqlRecordErasure) -> None:
    await answered(queue, "cites", ["a.md"])
    await answered(queue, "cites-nothing")
    assert (await erase(erasure, OneSource("file:///a.md"))).count == 1
    kept = await queue.records.get(queue.key("cites-nothing"))
    assert kept is not None
    assert kept.result == b"the answer"


async def test_what_a_worker_wrote_from_an_erased_document_is_not_taken(
    queue: Queue, erasure: SqlRecordErasure
) -> None:
    await queue.accept("in-hand")
    claim = await queue.claim()
    assert (await erase(erasure, OneDocument("a.md"))).count == 0
    assert not await queue.records.complete(claim, b"quotes a.md", BILL, ["a.md"])
    again = await queue.claim()
    assert again.attempt == claim.attempt + 1


async def test_a_last_attempt_that_an_erasure_takes_back_is_made_again(queue: Queue, erasure: SqlRecordErasure) -> None:
    await queue.accept("in-hand")
    for _ in range(ATTEMPTS - 1):
        assert await queue.records.retry(await queue.claim(), Cause.INTERNAL, 0.0, BILL)
    await queue.claim()
    await erase(erasure, OneDocument("a.md"))
    assert await queue.state("in-hand") is OperationState.QUEUED
    assert (await queue.claim()).attempt == ATTEMPTS + 1


async def test_the_outcome_of_an_erased_operation_is_not_taken(queue: Queue, erasure: SqlRecordErasure) -> None:
    await queue.accept("in-hand")
    claim = await queue.claim()
    await erase(erasure, OneSubject("ann"))
    assert not await queue.records.complete(claim, b"late", BILL, [])
    assert (await queue.bill("in-hand")).lost_attempts == 1


async def test_more_than_a_batch_is_erased(
    queue: Queue, erasure: SqlRecordErasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("groundwire_server.adapters.records.erasure._BATCH", 2)
    for number in range(5):
        await queue.accept(f"q{number}")
    assert (await erase(erasure, EntireTenant())).count == 5


async def test_a_deadline_that_has_passed_leaves_it_incomplete(
    queue: Queue, erasure: SqlRecordErasure, clock: SteppingClock
) -> None:
    await queue.accept("waiting")
    place, *_ = await erasure.erase(RecordErasure("acme", EntireTenant()), Deadline(clock.now() - 1))
    assert not place.complete
    assert (await erase(erasure, EntireTenant())).complete


async def test_no_byte_of_a_name_is_left_in_the_files_of_sqlite(
    queue: Queue, erasure: SqlRecordErasure, records_options: RecordsOptions
) -> None:
    if records_options.file is None:
        pytest.skip("PostgreSQL keeps deleted rows until it vacuums; the receipt says so")
    secret = "subject-that-is-to-be-forgotten"
    for number in range(50):
        await queue.accept(f"q{number}", subject=secret, request_id=f"request-to-forget-{number}")
    assert any(secret.encode() in content for content in contents(records_options.file))
    assert (await erase(erasure, OneSubject(secret))).complete
    for content in contents(records_options.file):
        assert secret.encode() not in content
        assert b"request-to-forget" not in content


async def test_a_receipt_says_what_postgresql_keeps(erasure: SqlRecordErasure, records_options: RecordsOptions) -> None:
    note = (await erase(erasure, EntireTenant())).note
    assert ("write-ahead log" in note) is (records_options.file is None)


def contents(file: Path) -> list[bytes]:
    return [each.read_bytes() for each in file.parent.iterdir() if each.name.startswith(file.name)]

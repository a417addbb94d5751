"""Reading: whose operations are seen, pages, depths and the history."""

import pytest
from sqlalchemy import delete

from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.tables.operations import history
from groundwire_server.domain.operation import Bill, OperationKey
from groundwire_server.domain.vocabulary import Cause, OperationState
from groundwire_server.ports.operations import HistoryEntry
from tests.contract.operations.queued import ATTEMPTS, LEASE, Queue, SteppingClock

OTHERS = [("acme", "bob"), ("globex", "ann"), ("globex", "bob")]


@pytest.mark.parametrize(("tenant", "subject"), OTHERS)
async def test_tenants_and_subjects_never_meet(queue: Queue, tenant: str, subject: str) -> None:
    await queue.accept("one")
    others = OperationKey(tenant, subject, queue.key("one").operation_id)
    assert await queue.records.get(others) is None
    assert await queue.records.cancel(others) is None
    assert await queue.records.delete(others) is False
    assert await queue.records.page(tenant, subject, [], None, 10) == []
    assert await queue.state("one") is OperationState.QUEUED


async def test_an_operator_of_another_tenant_finds_nothing(queue: Queue) -> None:
    await queue.accept("one")
    await queue.write("one", state=OperationState.HALTED)
    assert await queue.records.requeue("globex", queue.key("one").operation_id) is None
    assert await queue.records.page("globex", None, [OperationState.HALTED], None, 10) == []
    assert (await queue.records.depth("globex")).counts == {}
    assert await queue.state("one") is OperationState.HALTED


async def test_unknown_operations_are_none(queue: Queue) -> None:
    unknown = queue.key("unknown")
    assert await queue.records.get(unknown) is None
    assert await queue.records.cancel(unknown) is None
    assert await queue.records.delete(unknown) is False
    assert await queue.records.requeue("acme", unknown.operation_id) is None


async def _pages(queue: Queue, subject: str | None, most: int) -> list[list[str]]:
    pages: list[list[str]] = []
    after = None
    while found := await queue.records.page("acme", subject, [], after, most):
        pages.append([each.request_id for each in found])
        after = found[-1].place
    return pages


async def test_pages_are_the_oldest_first(queue: Queue, clock: SteppingClock) -> None:
    for number in range(7):
        await queue.accept(f"op{number}", subject="ann" if number % 2 else "bob")
        # Two are accepted at the same instant: their ids decide.
        clock.step(number % 3)
    assert await _pages(queue, None, 3) == [["op0", "op1", "op2"], ["op3", "op4", "op5"], ["op6"]]
    assert await _pages(queue, "ann", 2) == [["op1", "op3"], ["op5"]]


async def test_pages_go_on_where_rows_come_and_go(queue: Queue, clock: SteppingClock) -> None:
    for number in range(6):
        await queue.accept(f"op{number}")
        clock.step(1)
    first = await queue.records.page("acme", None, [], None, 2)
    assert [each.request_id for each in first] == ["op0", "op1"]
    assert await queue.records.delete(first[-1].key)
    assert await queue.records.delete(queue.key("op4"))
    await queue.accept("op6")
    rest = await queue.records.page("acme", None, [], first[-1].place, 10)
    assert [each.request_id for each in rest] == ["op2", "op3", "op5", "op6"]


async def test_pages_go_on_whose_history_is_forgotten(queue: Queue, database: RecordsDatabase) -> None:
    for name in ("op0", "op1", "op2"):
        await queue.accept(name)
    await database.write(lambda connection: connection.execute(delete(history)).rowcount)
    assert await _pages(queue, None, 1) == [["op0"], ["op1"], ["op2"]]


async def test_a_page_has_the_states_it_asks_for_and_no_results(queue: Queue, clock: SteppingClock) -> None:
    for name in ("done", "running", "queued"):
        await queue.accept(name)
        clock.step(1)
    assert await queue.records.complete(await queue.claim(), b"outcome", Bill(), [])
    await queue.claim()

    async def names(*states: OperationState) -> list[str]:
        found = await queue.records.page("acme", "ann", states, None, 10)
        assert all(each.result is None for each in found)
        return [each.request_id for each in found]

    assert await names(OperationState.DONE) == ["done"]
    assert await names(OperationState.RUNNING, OperationState.QUEUED) == ["running", "queued"]
    assert await names() == ["done", "running", "queued"]


async def test_depths_count_what_is_not_done(queue: Queue, clock: SteppingClock) -> None:
    oldest = clock.today()
    for number in range(4):
        await queue.accept(f"a{number}")
        clock.step(1)
    await queue.accept("b", "globex")
    assert await queue.records.complete(await queue.claim(), b"outcome", Bill(), [])
    halted = await queue.claim()
    for _ in range(ATTEMPTS - 1):
        assert await queue.records.retry(halted, Cause.MODEL_TIMEOUT, 0.0, Bill())
        halted = await queue.claim()
    assert await queue.records.retry(halted, Cause.MODEL_TIMEOUT, 0.0, Bill())
    everything = await queue.records.depth(None)
    assert everything.counts == {OperationState.QUEUED: 3, OperationState.HALTED: 1}
    own = await queue.records.depth("globex")
    assert sum(own.counts.values()) <= 1
    waiting = await queue.records.page("acme", None, [OperationState.QUEUED], None, 10)
    assert (await queue.records.depth("acme")).oldest == min(each.accepted for each in waiting) > oldest


async def test_the_history_is_complete_in_order_and_in_pages(queue: Queue, clock: SteppingClock) -> None:
    await queue.accept("one")
    await queue.accept("two", "globex")
    clock.step(1)
    assert await queue.records.complete(await queue.claim(), b"outcome", Bill(), [])
    assert await queue.records.complete(await queue.claim(), b"outcome", Bill(), [])
    whole = await queue.records.history(0, 100)
    assert [each.number for each in whole] == sorted({each.number for each in whole})
    assert sorted(each.event for each in whole) == ["accepted"] * 2 + ["begun"] * 2 + ["billed"] * 2 + ["effect"] * 2
    paged: list[HistoryEntry] = []
    after = 0
    while page := await queue.records.history(after, 3):
        paged += page
        after = page[-1].number
    assert paged == list(whole)
    assert whole[-1].at == clock.today()
    assert await queue.records.claim("w1", LEASE) is None

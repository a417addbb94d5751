"""Rows that this server cannot read: they are reported and left alone, and nothing stands still because of them."""

import logging

import pytest

from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.domain.operation import Bill
from groundwire_server.domain.vocabulary import OperationState
from groundwire_server.ports.operations import RecordsError
from tests.contract.operations.queued import ANSWER_WITHIN, LEASE, Queue, SteppingClock, operation_records

UNREADABLE: dict[str, dict[str, object]] = {
    "a newer format": {"format": 2},
    "an unknown state": {"state": "PAUSED"},
    "a question sealed elsewhere": {"sealed_question": b"\x01k1" + bytes(64)},
    "no question": {"sealed_question": None},
    "another subject": {"subject": "bob"},
    "more attempts than can be counted": {"attempts": 2**31 - 1},
}


UNKNOWN_CAUSE: dict[str, object] = {"cause": "MODEL_ASLEEP"}


@pytest.mark.parametrize("name", UNREADABLE)
async def test_others_are_worked_on_beside_it(queue: Queue, name: str) -> None:
    await queue.accept("odd")
    await queue.accept("plain")
    await queue.write("odd", **UNREADABLE[name])
    assert (await queue.claim()).work.question.text == "plain"
    row = await queue.row("odd")
    assert all(getattr(row, column) == value for column, value in UNREADABLE[name].items())


async def test_an_unknown_cause_of_an_earlier_attempt_hinders_no_other(queue: Queue) -> None:
    await queue.accept("odd")
    await queue.write("odd", **UNKNOWN_CAUSE)
    assert await queue.records.complete(await queue.claim(), b"outcome", Bill(), [])


@pytest.mark.parametrize("column", ["accepted", "expires", "begun", "ended"])
@pytest.mark.parametrize("time", [-(2**62), 2**62])
async def test_a_time_that_cannot_be_written_hinders_no_other(queue: Queue, column: str, time: int) -> None:
    await queue.accept("odd")
    await queue.accept("plain")
    await queue.write("odd", **{column: time})
    taken = [await queue.records.claim("w1", LEASE) for _ in range(2)]
    assert "plain" in [claim.work.question.text for claim in taken if claim is not None]
    assert len(await queue.records.page("acme", "ann", [], None, 10)) == 2
    assert (await queue.records.depth(None)).counts
    await queue.records.sweep()
    assert await queue.records.delete(queue.key("odd"))


@pytest.mark.parametrize("values", [UNREADABLE["a newer format"], UNREADABLE["an unknown state"]])
async def test_a_newer_row_is_never_touched(
    queue: Queue, clock: SteppingClock, caplog: pytest.LogCaptureFixture, values: dict[str, object]
) -> None:
    await queue.accept("odd")
    await queue.write("odd", **values)
    before = await queue.row("odd")
    clock.step(ANSWER_WITHIN)
    with caplog.at_level(logging.WARNING):
        assert await queue.records.sweep() == 0
    assert await queue.records.claim("w1", LEASE) is None
    assert await queue.row("odd") == before
    assert [record.getMessage() for record in caplog.records] == ["operations of a newer groundwire are left alone"]
    with pytest.raises(RecordsError, match="newer groundwire"):
        await queue.records.get(queue.key("odd"))


@pytest.mark.parametrize("values", [UNREADABLE["a newer format"], UNREADABLE["an unknown state"], UNKNOWN_CAUSE])
async def test_a_page_leaves_it_out_and_reports_it(
    queue: Queue, clock: SteppingClock, caplog: pytest.LogCaptureFixture, values: dict[str, object]
) -> None:
    for each in ("a", "odd", "b", "c"):
        await queue.accept(each)
        clock.step(1)
    await queue.write("odd", **values)
    found = await queue.records.page("acme", None, [], None, 2)
    assert [each.request_id for each in found] == ["a", "b"]
    assert "an operation cannot be read" in caplog.text


async def test_a_lost_key_puts_questions_off_until_it_is_back(
    queue: Queue, database: RecordsDatabase, clock: SteppingClock, caplog: pytest.LogCaptureFixture
) -> None:
    await queue.accept("sealed")
    without_key = operation_records(database, clock, key=bytes([1]) * 32, key_id="k2")
    before = await queue.row("sealed")
    assert await without_key.claim("w1", LEASE) is None
    assert "k1" in caplog.records[-1].__dict__["why"]
    row = await queue.row("sealed")
    assert row._asdict() | {"due": before.due} == before._asdict()
    assert await queue.events("sealed") == [("accepted", 0)]
    await Queue(without_key, database, clock).accept("own")
    claim = await without_key.claim("w1", LEASE)
    assert claim is not None
    assert claim.work.question.text == "own"
    # It waits for ten minutes, then it is tried again.
    assert await queue.records.claim("w1", LEASE) is None
    clock.step(600)
    assert await queue.records.complete(await queue.claim(), b"outcome", Bill(), [])
    with pytest.raises(RecordsError):
        await without_key.get(queue.key("sealed"))
    assert await queue.state("sealed") is OperationState.DONE


async def test_many_unreadable_rows_do_not_stop_the_queue(
    queue: Queue, database: RecordsDatabase, clock: SteppingClock
) -> None:
    await queue.fill("a", 50)
    await queue.accept("plain")
    without_key = operation_records(database, clock, key=bytes([1]) * 32, key_id="k2")
    for _ in range(3):
        assert await without_key.claim("w1", LEASE) is None
    await Queue(without_key, database, clock).accept("own")
    claim = await without_key.claim("w1", LEASE)
    assert claim is not None
    assert claim.work.question.text == "own"


async def test_a_damaged_result_fails_alone(queue: Queue) -> None:
    await queue.accept("damaged")
    assert await queue.records.complete(await queue.claim(), b"outcome", Bill(), [])
    sealed = bytearray((await queue.row("damaged")).sealed_result)
    sealed[-1] ^= 1
    await queue.write("damaged", sealed_result=bytes(sealed))
    with pytest.raises(RecordsError):
        await queue.records.get(queue.key("damaged"))
    assert [each.request_id for each in await queue.records.page("acme", None, [], None, 10)] == ["damaged"]

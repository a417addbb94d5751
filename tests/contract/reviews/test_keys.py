"""Texts of reviews name the key that they need, and open nowhere else."""

import base64

import pytest
from sqlalchemy import delete, update

from groundwire_server.adapters.records.faults import RecordsFault, UnknownKeyError
from groundwire_server.adapters.records.keys import open_keys
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.tables.reviews import cases, reviews
from groundwire_server.domain.review import ReviewState
from groundwire_server.ports.operations import RecordsError
from groundwire_server.ports.reviews import ReviewSelection
from tests.contract.operations.queued import SteppingClock
from tests.contract.reviews.reviewed import EDITED, WITHIN, SqlReviews


def with_key(options: RecordsOptions, key_id: str, monkeypatch: pytest.MonkeyPatch) -> RecordsOptions:
    monkeypatch.setenv("OTHER_KEY", base64.b64encode(key_id.encode().ljust(32, b"\0")).decode())
    keys = [{"id": key_id, "key": "env://OTHER_KEY"}]
    given = {"url": options.url, "username": options.username, "keys": keys}
    return RecordsOptions.model_validate({name: value for name, value in given.items() if value is not None})


@pytest.mark.parametrize("kept", ["the case", "the verdict"])
async def test_a_key_that_a_review_needs_is_missed_at_the_start(
    sql: SqlReviews, sql_options: RecordsOptions, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    monkeypatch.setenv("OTHER_KEY", base64.b64encode(bytes(32)).decode())
    first = with_key(sql_options, "k1", monkeypatch)
    monkeypatch.setenv("OTHER_KEY", base64.b64encode(bytes(32)).decode())
    await open_keys(sql.database, first)
    await sql.reviews.open("t1", waited_for=False)
    await sql.reviews.claim("t1")
    await sql.reviews.decide("t1", verdict=EDITED, completion=None)
    if kept == "the verdict":
        await sql.database.write(lambda connection: connection.execute(delete(cases)))
    with pytest.raises(UnknownKeyError):
        await open_keys(sql.database, with_key(sql_options, "k2", monkeypatch))
    await sql.database.write(lambda connection: connection.execute(delete(cases)))
    await sql.database.write(lambda connection: connection.execute(delete(reviews)))
    assert (await open_keys(sql.database, with_key(sql_options, "k2", monkeypatch))).key_ids == ("k2",)


@pytest.mark.parametrize("column", ["sealed_case", "sealed_question"])
async def test_a_case_that_was_moved_to_another_row_does_not_open(
    sql: SqlReviews, clock: SteppingClock, column: str
) -> None:
    for ticket in ("t1", "t2"):
        await sql.reviews.open(ticket)
    first = (await sql.database.read(lambda connection: connection.execute(cases.select()).all()))[0]
    moved = update(cases).values({column: getattr(first, column)})
    await sql.database.write(lambda connection: connection.execute(moved))
    listed = await sql.reviews.records.page("acme", ReviewSelection(), None, 10)
    assert len(listed) == 2
    if column == "sealed_question":
        # It is listed without its question.
        assert sum(each.case is None for each in listed) == 1
        return
    wrong = "t2" if first.request_id == "t1" else "t1"
    with pytest.raises(RecordsError) as refused:
        await sql.reviews.records.get("acme", wrong)
    assert refused.value.fault is RecordsFault.UNREADABLE
    # It still ends when its time is over.
    clock.step(WITHIN)
    overdue = await sql.reviews.records.overdue(10)
    assert sorted((each.review.ticket, each.case is None) for each in overdue) == sorted(
        [(wrong, True), (first.request_id, False)]
    )
    assert await sql.reviews.records.expire("acme", wrong, None)
    assert (await sql.reviews.records.page("acme", ReviewSelection(), None, 10))[0].review.state in ReviewState

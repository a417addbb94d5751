"""The audit trail: it only grows, and whatever is done to it past its records is found."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from groundwire_server.adapters.records.audit.sql import SqlAuditRecords
from groundwire_server.adapters.records.audit.trail import AuditEvent, AuditTrail
from groundwire_server.adapters.records.tables.audit import audit, audit_heads
from groundwire_server.ports.audit import AuditEntry
from tests.contract.operations.queued import SteppingClock
from tests.contract.reviews.cases import case
from tests.contract.reviews.conftest import sealing
from tests.contract.reviews.reviewed import EDITED, Reviews, SqlReviews

ENTRIES = 6


async def grown(sql: SqlReviews, tenant: str = "acme", entries: int = ENTRIES) -> None:
    """Write entries down."""
    trail = AuditTrail(sealing())
    events = [
        AuditEvent("review.read", f"reviews/t{number}", f"s{number}", {"n": str(number)}) for number in range(entries)
    ]
    await sql.database.write(lambda connection: trail.append(connection, tenant, 1_000_000, events))


async def test_entries_have_numbers_without_holes_and_no_texts(reviews: Reviews, clock: SteppingClock) -> None:
    await reviews.open("t1")
    await reviews.open("other", case=case("other", "other"))
    clock.step(60)
    await reviews.claim("t1")
    await reviews.decide("t1", verdict=EDITED)
    entries = await reviews.audit.page("acme", "", 0, 10)
    assert [each.sequence for each in entries] == [1, 2, 3]
    assert [(each.actor, each.event, each.target) for each in entries] == [
        ("", "review.opened", "reviews/t1"),
        ("rob", "review.claimed", "reviews/t1"),
        ("rob", "review.edited", "reviews/t1"),
    ]
    assert entries[0].details == {
        "kind": "APPROVAL",
        "trigger": "GUARD",
        "cause": "REVIEW_REQUIRED",
        "route": "default",
    }
    assert (entries[2].at, entries[2].details["etag"]) == (clock.today(), "2")
    assert len({each.digest for each in entries}) == 3
    written = repr(entries)
    for text in ("Büro", "Um neun", "It was wrong"):
        assert text not in written
    assert [each.tenant for each in await reviews.audit.page("other", "", 0, 10)] == ["other"]
    verified = await reviews.audit.verify("acme", None)
    assert (verified.entries, verified.intact, verified.last) == (3, True, entries[2])


async def test_entries_are_read_by_pages_and_by_what_they_are_about(reviews: Reviews) -> None:
    for ticket in ("t1", "t2", "t1x"):
        await reviews.open(ticket)
    await reviews.claim("t1")
    assert [each.sequence for each in await reviews.audit.page("acme", "", 1, 2)] == [2, 3]
    assert [each.sequence for each in await reviews.audit.page("acme", "reviews/t1", 0, 10)] == [1, 4]
    assert [each.sequence for each in await reviews.audit.page("acme", "reviews/t1", 1, 10)] == [4]
    assert await reviews.audit.page("acme", "reviews/unknown", 0, 10) == []
    assert await reviews.audit.page("other", "reviews/t1", 0, 10) == []


async def test_an_empty_trail_is_intact(reviews: Reviews) -> None:
    verified = await reviews.audit.verify("acme", None)
    assert (verified.entries, verified.intact, verified.last) == (0, True, None)


async def test_what_was_noted_elsewhere_is_compared(reviews: Reviews) -> None:
    for ticket in ("t1", "t2", "t3"):
        await reviews.open(ticket)
    second = (await reviews.audit.page("acme", "", 1, 1))[0]
    assert (await reviews.audit.verify("acme", (2, second.digest))).intact
    assert (await reviews.audit.verify("acme", (2, bytes(32)))).first_wrong == 2
    assert (await reviews.audit.verify("acme", (5, second.digest))).first_wrong == 4


async def test_what_a_decision_was_about_is_known_by_a_keyed_digest(sql: SqlReviews) -> None:
    digests = []
    for ticket in ("t1", "t2"):
        await sql.reviews.open(ticket)
        await sql.reviews.claim(ticket)
        await sql.reviews.decide(ticket)
        digests.append((await sql.reviews.audit.page("acme", f"reviews/{ticket}", 0, 10))[-1].details["text_digest"])
    # The same text of another review has another one, so that texts cannot be compared by them.
    assert len(digests[0]) == 64
    assert digests[0] != digests[1]


def _entry(sequence: int) -> Any:
    return (audit.c.tenant == "acme", audit.c.sequence == sequence)


def _change(column: str, value: object) -> Callable[[Connection], None]:
    return lambda connection: _run(connection, update(audit).where(*_entry(3)).values({column: value}))


def _run(connection: Connection, *statements: Any) -> None:
    for statement in statements:
        connection.execute(statement)


def _shift(connection: Connection, last: int, by: int) -> None:
    """Move entries from a number on."""
    numbers = range(ENTRIES, last - 1, -1) if by > 0 else range(last, ENTRIES + 1)
    for number in numbers:
        connection.execute(update(audit).where(*_entry(number)).values(sequence=number + by))


def _remove_and_close_up(connection: Connection) -> None:
    connection.execute(delete(audit).where(*_entry(3)))
    _shift(connection, 4, -1)
    connection.execute(update(audit_heads).where(audit_heads.c.tenant == "acme").values(sequence=ENTRIES - 1))


def _insert(connection: Connection) -> None:
    _shift(connection, 3, 1)
    copied = connection.execute(select(audit).where(*_entry(2))).one()._asdict()
    connection.execute(insert(audit), copied | {"sequence": 3, "actor": "nobody"})
    connection.execute(update(audit_heads).where(audit_heads.c.tenant == "acme").values(sequence=ENTRIES + 1))


def _swap(connection: Connection) -> None:
    for old, new in ((3, 99), (4, 3), (99, 4)):
        connection.execute(update(audit).where(*_entry(old)).values(sequence=new))


def _copy_from_another_tenant(connection: Connection) -> None:
    other = connection.execute(select(audit).where(audit.c.tenant == "other", audit.c.sequence == 3)).one()
    connection.execute(delete(audit).where(*_entry(3)))
    connection.execute(insert(audit), other._asdict() | {"tenant": "acme"})


def _cut(connection: Connection) -> None:
    connection.execute(delete(audit).where(audit.c.tenant == "acme", audit.c.sequence > 4))


def _empty(connection: Connection) -> None:
    connection.execute(delete(audit).where(audit.c.tenant == "acme"))


def _append(connection: Connection) -> None:
    last = connection.execute(select(audit).where(*_entry(ENTRIES))).one()._asdict()
    connection.execute(insert(audit), last | {"sequence": ENTRIES + 1})


def _change_head(connection: Connection) -> None:
    connection.execute(update(audit_heads).where(audit_heads.c.tenant == "acme").values(digest=bytes(32)))


TAMPERING: Mapping[str, tuple[Callable[[Connection], None], int]] = {
    "actor": (_change("actor", "eve"), 3),
    "event": (_change("event", "review.approved"), 3),
    "target": (_change("target", "reviews/t9"), 3),
    "time": (_change("at", 999_999), 3),
    "details": (_change("details", json.dumps({"n": "3", "m": ""})), 3),
    "details that are none": (_change("details", "no JSON"), 3),
    "details of another kind": (_change("details", '{"n": 2}'), 3),
    "digest": (_change("digest", bytes(32)), 3),
    "removed": (lambda connection: _run(connection, delete(audit).where(*_entry(3))), 3),
    "removed, and the numbers closed up": (_remove_and_close_up, 3),
    "first removed": (lambda connection: _run(connection, delete(audit).where(*_entry(1))), 1),
    "inserted": (_insert, 3),
    "swapped": (_swap, 3),
    "copied from another tenant": (_copy_from_another_tenant, 3),
    "end cut off": (_cut, 5),
    "all removed": (_empty, 1),
    "appended": (_append, ENTRIES + 1),
    "head": (_change_head, ENTRIES),
}


@pytest.mark.parametrize("tampering", TAMPERING)
async def test_what_is_changed_past_its_records_is_found(sql: SqlReviews, tampering: str) -> None:
    for tenant in ("acme", "other"):
        await grown(sql, tenant)
        assert (await sql.reviews.audit.verify(tenant, None)).intact
    change, first_wrong = TAMPERING[tampering]
    await sql.database.write(change)
    verified = await sql.reviews.audit.verify("acme", None)
    assert (verified.intact, verified.first_wrong) == (False, first_wrong)
    assert verified.entries == first_wrong - 1 or tampering == "head"
    assert (await sql.reviews.audit.verify("other", None)).intact


async def test_an_end_that_was_cut_off_with_its_head_is_found_by_a_noted_entry(sql: SqlReviews) -> None:
    await grown(sql)
    noted = (await sql.reviews.audit.verify("acme", None)).last
    assert noted is not None

    def cut(connection: Connection) -> None:
        _cut(connection)
        digest = connection.scalar(select(audit.c.digest).where(*_entry(4)))
        connection.execute(update(audit_heads).where(audit_heads.c.tenant == "acme").values(sequence=4, digest=digest))

    await sql.database.write(cut)
    assert (await sql.reviews.audit.verify("acme", None)).intact
    assert (await sql.reviews.audit.verify("acme", (noted.sequence, noted.digest))).first_wrong == 5
    # What is written afterwards has other digests than what was cut off.
    await grown(sql)
    assert (await sql.reviews.audit.verify("acme", None)).intact
    assert (await sql.reviews.audit.verify("acme", (noted.sequence, noted.digest))).first_wrong == noted.sequence


async def test_a_head_that_is_gone_does_not_stop_the_trail(sql: SqlReviews) -> None:
    await grown(sql)
    await sql.database.write(lambda connection: connection.execute(delete(audit_heads)))
    assert (await sql.reviews.audit.verify("acme", None)).first_wrong == 1
    await grown(sql)
    verified = await sql.reviews.audit.verify("acme", None)
    assert (verified.intact, verified.entries) == (True, ENTRIES * 2)


async def test_entries_of_a_key_that_is_gone_cannot_be_verified(sql: SqlReviews) -> None:
    await grown(sql)
    rotated = AuditTrail(sealing("k2", "k1"))
    event = AuditEvent("review.read", "reviews/t1", "rob")
    await sql.database.write(lambda connection: rotated.append(connection, "acme", 2_000_000, [event]))
    assert (await SqlAuditRecords(sql.database, sealing("k2", "k1")).verify("acme", None)).intact
    without = await SqlAuditRecords(sql.database, sealing("k2")).verify("acme", None)
    assert (without.intact, without.first_wrong, without.entries) == (False, None, ENTRIES + 1)
    assert (without.unverified, without.missing_keys) == (ENTRIES, ("k1",))
    # Their digests still hold the later ones together.
    await sql.database.write(_change("digest", bytes(32)))
    assert (await SqlAuditRecords(sql.database, sealing("k2", "k1")).verify("acme", None)).first_wrong == 3


async def test_a_long_trail_is_verified_in_batches(sql: SqlReviews) -> None:
    await grown(sql, entries=2500)
    verified = await sql.reviews.audit.verify("acme", None)
    assert (verified.intact, verified.entries) == (True, 2500)
    changed = update(audit).where(*_entry(2400)).values(actor="eve")
    await sql.database.write(lambda connection: connection.execute(changed))
    assert (await sql.reviews.audit.verify("acme", None)).first_wrong == 2400


@pytest.mark.parametrize("entries", [999, 1000, 1001, 2000])
async def test_the_end_of_a_batch_may_be_the_end_of_the_trail(sql: SqlReviews, entries: int) -> None:
    await grown(sql, entries=entries)
    verified = await sql.reviews.audit.verify("acme", None)
    assert (verified.intact, verified.entries) == (True, entries)


async def test_entries_that_are_added_at_once_have_one_order(sql: SqlReviews) -> None:
    await asyncio.gather(*(grown(sql, entries=3) for _ in range(8)))
    entries: list[AuditEntry] = list(await sql.reviews.audit.page("acme", "", 0, 100))
    assert [each.sequence for each in entries] == list(range(1, 25))
    assert (await sql.reviews.audit.verify("acme", None)).intact

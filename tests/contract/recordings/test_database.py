"""Recordings in a database: what is sealed, who is noted in the audit trail, and what an erasure takes."""

import pytest
from sqlalchemy import select, text, update

from groundwire_server.adapters.records.audit.sql import SqlAuditRecords
from groundwire_server.adapters.records.encryption import Sealing, SealingKey
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.erasure import SqlRecordErasure
from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.recordings import erasing
from groundwire_server.adapters.records.recordings.sql import SqlRecordings
from groundwire_server.adapters.records.tables.recordings import recording_documents, recordings
from groundwire_server.adapters.records.transactions import RecordsDialect
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.erasure import (
    EntireTenant,
    ErasedPlaceKind,
    Erasure,
    OneDocument,
    OneEndUser,
    OneSource,
    OneSubject,
    RecordErasure,
)
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.ports.operations import RecordsError
from tests.contract.operations.queued import SteppingClock
from tests.contract.recordings.recorded import CONTENT, entry, key
from tests.contract.recordings.test_recordings import ids
from tests.contract.reviews.conftest import sealing


@pytest.fixture
def kept(database: RecordsDatabase, clock: SteppingClock) -> SqlRecordings:
    return SqlRecordings(database, sealing(), clock)


async def events(database: RecordsDatabase, tenant: str = "acme") -> list[tuple[str, str, str]]:
    page = await SqlAuditRecords(database, sealing()).page(tenant, "", 0, 100)
    return [(each.event, each.actor, each.target) for each in page]


async def test_contents_and_end_users_are_not_readable_in_rows(database: RecordsDatabase, kept: SqlRecordings) -> None:
    await kept.keep(entry(end_user="carla"), CONTENT)
    rows = await database.read(lambda connection: connection.execute(select(recordings)).all())
    assert rows[0].end_user
    assert "vermilion" not in repr(rows)
    assert "carla" not in repr(rows)


async def test_who_reads_and_who_deletes_is_in_the_audit_trail(database: RecordsDatabase, kept: SqlRecordings) -> None:
    await kept.keep(entry(), CONTENT)
    await kept.page("acme", "", "", None, 10)
    await kept.read(key(), "olga")
    await kept.read(key(2), "olga")
    await kept.delete(key(), "omar")
    await kept.delete(key(), "omar")
    target = f"recordings/{key().recording_id}"
    assert await events(database) == [("recording.read", "olga", target), ("recording.deleted", "omar", target)]
    assert (await SqlAuditRecords(database, sealing()).verify("acme", None)).intact


async def test_a_lost_key_leaves_the_list_and_one_clear_word(database: RecordsDatabase, clock: SteppingClock) -> None:
    await SqlRecordings(database, sealing(), clock).keep(entry(), CONTENT)
    other = SqlRecordings(database, Sealing([SealingKey("k2", bytes(31) + b"\x01")]), clock)
    assert await other.page("acme", "", "", None, 10) == [entry()]
    with pytest.raises(Rejection) as refused:
        await other.read(key(), "olga")
    assert refused.value.reason is Reason.ERASED
    assert await events(database) == []
    assert await other.delete(key(), "olga") is True


@pytest.mark.parametrize(
    ("spoiled", "fault"),
    [({"sealed_content": b"spoiled"}, RecordsFault.UNREADABLE), ({"format": 99}, RecordsFault.NEW_RECORD)],
)
async def test_what_was_changed_or_is_newer_is_not_given_out(
    database: RecordsDatabase, kept: SqlRecordings, spoiled: dict[str, object], fault: RecordsFault
) -> None:
    await kept.keep(entry(), CONTENT)
    await database.write(lambda connection: connection.execute(update(recordings).values(spoiled)))
    with pytest.raises(RecordsError) as failed:
        await kept.read(key(), "olga")
    assert failed.value.fault is fault
    assert await events(database) == []


async def test_contents_of_one_recording_do_not_open_in_another(database: RecordsDatabase, kept: SqlRecordings) -> None:
    await kept.keep(entry(1), CONTENT)
    await kept.keep(entry(2), b"other")
    stolen = select(recordings.c.sealed_content).where(recordings.c.recording_id == key(1).recording_id)
    moved = update(recordings).where(recordings.c.recording_id == key(2).recording_id)
    await database.write(
        lambda connection: connection.execute(moved.values(sealed_content=connection.execute(stolen).scalar_one()))
    )
    with pytest.raises(RecordsError):
        await kept.read(key(2), "olga")


@pytest.mark.parametrize(
    ("erasure", "left"),
    [
        (RecordErasure("acme", OneSubject("ann")), [4]),
        (RecordErasure("acme", OneEndUser("carla")), [4, 2, 1]),
        (RecordErasure("acme", EntireTenant()), []),
        (RecordErasure("globex", EntireTenant()), [4, 3, 2, 1]),
        (Erasure("acme", OneDocument("hours.md")), [4, 3, 1]),
        (Erasure("acme", OneSource("file:///docs/", prefix=True)), [4, 3]),
        (Erasure("globex", OneDocument("hours.md")), [4, 3, 2, 1]),
    ],
)
async def test_an_erasure_takes_the_recordings_that_it_means(
    database: RecordsDatabase,
    kept: SqlRecordings,
    clock: SteppingClock,
    erasure: Erasure | RecordErasure,
    left: list[int],
) -> None:
    await kept.keep(entry(1, documents=frozenset({"prices.md"})), CONTENT)
    await kept.keep(entry(2, documents=frozenset({"prices.md", "hours.md"})), CONTENT)
    await kept.keep(entry(3, end_user="carla"), CONTENT)
    await kept.keep(entry(4, subject="bob"), CONTENT)
    places = await SqlRecordErasure(database, sealing(), clock, clock.today() - clock.today()).erase(erasure, NEVER)
    (place,) = (each for each in places if each.kind is ErasedPlaceKind.RECORDINGS)
    assert place.complete
    assert place.count == 4 - len(left)
    assert await ids(kept) == left
    shown = await database.read(lambda connection: connection.execute(select(recording_documents)).all())
    assert {int(row.recording_id, 16) for row in shown} == set(left) & {1, 2}


async def test_more_than_a_batch_is_erased(
    database: RecordsDatabase, kept: SqlRecordings, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "_BATCH", 2)
    for number in range(5):
        await kept.keep(entry(number), CONTENT)
    erasure = RecordErasure("acme", OneSubject("ann"))
    places = await SqlRecordErasure(database, sealing(), clock, clock.today() - clock.today()).erase(erasure, NEVER)
    assert {each.kind: each.count for each in places}[ErasedPlaceKind.RECORDINGS] == 5
    assert await ids(kept) == []


async def test_lists_are_read_from_an_index(database: RecordsDatabase) -> None:
    if database.dialect is not RecordsDialect.SQLITE:
        return
    explained = text(
        "EXPLAIN QUERY PLAN SELECT route FROM recordings WHERE tenant = 'acme' "
        "ORDER BY created DESC, recording_id DESC LIMIT 10"
    )
    plan = await database.read(lambda connection: [row.detail for row in connection.execute(explained)])
    assert plan == ["SEARCH recordings USING INDEX ix_recordings_tenant_created_recording_id (tenant=?)"]

"""Files of SQLite that cannot be used, or not now: each is a fault that says what to do, and nothing is lost."""

import asyncio
import gc
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select, text

from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.opening import opened_records
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.tables.operations import outbox
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.operations import RecordsError
from tests.adapters.records.users import unprivileged

ROW = {"kind": "work", "operation_id": "op1", "tenant": "acme", "due": 0, "attempts": 0, "created": 0}


async def put(database: RecordsDatabase, kind: str = "work") -> None:
    row = ROW | {"kind": kind}
    await database.write(lambda connection: connection.execute(insert(outbox).values(row)))


async def count(database: RecordsDatabase) -> int:
    counted = select(func.count()).select_from(outbox)
    return await database.read(lambda connection: connection.execute(counted).scalar_one())


async def fault_of_writing(database: RecordsDatabase) -> RecordsFault:
    with pytest.raises(RecordsError) as failed:
        await put(database)
    assert isinstance(failed.value.fault, RecordsFault)
    return failed.value.fault


async def test_every_commit_is_synced_and_what_is_deleted_is_overwritten(database: RecordsDatabase) -> None:
    def settings(connection: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        return {name: connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in names}

    assert await database.read(settings) == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
    }


async def test_its_owner_alone_may_read_the_file_its_journal_and_its_key(options: RecordsOptions) -> None:
    async with opened_records(options) as records:
        await put(records.database)
        assert options.file is not None
        files = list(options.file.parent.iterdir())
        assert {each.name for each in files} == {
            "records.key",
            "records.sqlite3",
            "records.sqlite3-shm",
            "records.sqlite3-wal",
        }
        assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


async def test_while_another_process_writes_it_is_busy_and_afterwards_it_goes_on(
    database: RecordsDatabase, file: Path
) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await fault_of_writing(database) is RecordsFault.BUSY
        assert await count(database) == 0
        other.execute("COMMIT")
    await put(database)
    assert await count(database) == 1


async def test_a_caller_that_is_cancelled_leaves_at_once_and_writes_nothing(
    database: RecordsDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def work(connection: Connection) -> None:
        connection.execute(insert(outbox).values(ROW))
        begun.set()
        assert goes_on.wait(10)
        raise ValueError("nobody is told")

    writing = asyncio.create_task(database.write(work))
    assert await asyncio.to_thread(begun.wait, 10)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert not goes_on.is_set()
    goes_on.set()
    await put(database)
    assert await count(database) == 1
    del writing
    gc.collect()
    assert caplog.records == []


async def test_a_caller_that_is_cancelled_while_its_work_is_committed_waits_for_that(
    database: RecordsDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on = threading.Event(), threading.Event()
    commit = Connection.commit

    def slow(connection: Connection) -> None:
        begun.set()
        assert goes_on.wait(10)
        commit(connection)

    monkeypatch.setattr(Connection, "commit", slow)
    writing = asyncio.create_task(put(database))
    assert await asyncio.to_thread(begun.wait, 10)
    writing.cancel()
    await asyncio.sleep(0)
    assert not writing.done()
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await count(database) == 1


async def test_a_full_disk_loses_nothing_that_was_accepted(database: RecordsDatabase) -> None:
    await put(database)

    def fill(connection: Connection) -> None:
        # What a full disk is to SQLite: the file cannot grow.
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        row = {"kind": "work", "operation_id": "x" * 5000, "tenant": "a", "due": 0, "attempts": 0, "created": 0}
        connection.execute(insert(outbox), [row] * 100)

    with pytest.raises(RecordsError) as failed:
        await database.write(fill)
    assert failed.value.fault is RecordsFault.FULL
    assert await count(database) == 1


def write_protect(file: Path) -> None:
    file.chmod(0o444)


async def test_a_file_that_may_not_be_written_can_be_read(
    database: RecordsDatabase, options: RecordsOptions, file: Path, tmp_path: Path
) -> None:
    await put(database)
    await database.close()  # the journal goes into the file
    write_protect(file)
    with unprivileged(tmp_path):
        async with records_database(options) as again:
            assert await count(again) == 1
            assert await fault_of_writing(again) is RecordsFault.READ_ONLY
        with pytest.raises(SetupError, match=r"records\.sqlite3 cannot be written: Permission denied"):
            async with opened_records(options):
                pass


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "garbage": lambda content: b"no database at all " * 500,
    "torn": lambda content: content[: len(content) // 2],
    "overwritten": lambda content: content[:100] + b"\xff" * (len(content) - 100),
}


def damage(file: Path, kind: str) -> bytes:
    damaged = DAMAGES[kind](file.read_bytes())
    file.write_bytes(damaged)
    return damaged


def content_of(file: Path) -> bytes:
    return file.read_bytes()


@pytest.mark.parametrize("kind", DAMAGES)
async def test_a_damaged_file_is_refused_and_left_as_it_is(options: RecordsOptions, file: Path, kind: str) -> None:
    async with opened_records(options) as records:
        await put(records.database)
    damaged = damage(file, kind)
    with pytest.raises(SetupError, match="is damaged, or is not a database: restore a backup"):
        async with opened_records(options):
            pass
    assert content_of(file) == damaged


async def test_a_file_of_another_program_is_refused_and_left_as_it_is(options: RecordsOptions, file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE notes (a)")
    before = content_of(file)
    with pytest.raises(SetupError, match="belongs to another program: name another one"):
        async with opened_records(options):
            pass
    assert content_of(file) == before


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match=r"records\.sqlite3 cannot be written"):
        async with opened_records(RecordsOptions(url=f"sqlite:///{tmp_path}/file/records.sqlite3")):
            pass


async def test_a_key_file_that_is_gone_is_not_replaced(options: RecordsOptions, file: Path) -> None:
    async with opened_records(options):
        pass
    key = file.with_name("records.key")
    key.unlink()
    with pytest.raises(SetupError, match=r"records\.key .*restore it from a backup"):
        async with opened_records(options):
            pass
    assert not key.exists()


async def test_a_key_file_that_holds_no_key_is_refused(options: RecordsOptions, file: Path) -> None:
    file.with_name("records.key").write_text("c2hvcnQ=\n")
    with pytest.raises(SetupError, match=r"records\.key must be 32 bytes in base64"):
        async with opened_records(options):
            pass


async def test_those_that_start_at_once_have_one_key_and_one_schema(options: RecordsOptions) -> None:
    patient = options.model_copy(update={"statement_seconds": 60})
    async with AsyncExitStack() as stack:
        opening = [stack.enter_async_context(opened_records(patient)) for _ in range(4)]
        opened = await asyncio.gather(*opening)
        assert len({tuple(each.sealing.pseudonyms("acme", "u")) for each in opened}) == 1

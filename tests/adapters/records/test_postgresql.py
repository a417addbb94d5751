"""What PostgreSQL refuses: each is a fault that says what to do, and the next transaction is asked anew."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from groundwire_server.adapters.records import database_clock, schema
from groundwire_server.adapters.records.database_clock import ADVICE
from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.opening import opened_records
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.operations import RecordsError
from tests.doubles.silent import silent
from tests.open_transactions import open_transaction
from tests.postgres_server import USER, PostgresDatabases, needs_postgres

pytestmark = [pytest.mark.process, needs_postgres]


@pytest.fixture
async def options(postgres: PostgresDatabases, monkeypatch: pytest.MonkeyPatch) -> RecordsOptions:
    monkeypatch.setenv("RECORDS_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    return RecordsOptions.model_validate(
        {
            "url": await postgres.create(),
            "username": USER,
            "keys": [{"id": "k1", "key": "env://RECORDS_KEY"}],
            "statement_seconds": 1.0,  # what else a test does takes less on a busy machine
            "pool": 2,
        }
    )


@pytest.fixture
async def database(options: RecordsOptions) -> AsyncIterator[RecordsDatabase]:
    async with records_database(options) as opened:
        yield opened


async def fault_of(database: RecordsDatabase, statement: str) -> RecordsFault:
    with pytest.raises(RecordsError) as failed:
        await database.write(lambda connection: connection.execute(text(statement)))
    assert isinstance(failed.value.fault, RecordsFault)
    return failed.value.fault


async def fault_of_opening(options: RecordsOptions) -> RecordsFault:
    async with records_database(options) as database:
        return await fault_of(database, "SELECT 1")


async def test_a_server_that_is_not_there(options: RecordsOptions, tmp_path: Path) -> None:
    gone = options.model_copy(update={"url": f"postgresql:///groundwire?host={tmp_path}"})
    assert await fault_of_opening(gone) is RecordsFault.UNREACHABLE


async def test_a_server_that_never_answers(options: RecordsOptions) -> None:
    async with silent() as double:
        url = f"postgresql://127.0.0.1:{double.port}/groundwire"
        deaf = options.model_copy(update={"url": url, "connect_seconds": 0.1})
        assert await fault_of_opening(deaf) is RecordsFault.UNREACHABLE
        await double.idle.wait()


async def test_a_server_without_tls_where_it_is_required(options: RecordsOptions) -> None:
    ended = asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)  # the request for TLS
        writer.write(b"N")
        await reader.read()
        writer.close()
        ended.set()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        plain = options.model_copy(update={"url": f"postgresql://127.0.0.1:{port}/groundwire", "tls": True})
        assert await fault_of_opening(plain) is RecordsFault.TLS
        await ended.wait()


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"username": "nobody"}, RecordsFault.WRONG_CREDENTIAL),
        ({"url": "postgresql:///missing?host={folder}"}, RecordsFault.NO_DATABASE),
    ],
)
async def test_what_is_refused_at_the_door(
    options: RecordsOptions, postgres: PostgresDatabases, changed: dict[str, str], fault: RecordsFault
) -> None:
    update = {name: value.format(folder=postgres.folder) for name, value in changed.items()}
    assert await fault_of_opening(options.model_copy(update=update)) is fault


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("SELECT * FROM operations", RecordsFault.NO_SCHEMA),
        ("SELECT pg_sleep(60)", RecordsFault.SLOW),
        ("SELECT pg_terminate_backend(pg_backend_pid())", RecordsFault.UNREACHABLE),
    ],
)
async def test_what_a_statement_ends_with(database: RecordsDatabase, statement: str, fault: RecordsFault) -> None:
    assert await fault_of(database, statement) is fault
    assert await database.read(lambda connection: connection.execute(text("SELECT 1")).scalar_one()) == 1


async def test_a_lock_that_another_holds_is_busy(database: RecordsDatabase) -> None:
    await schema.upgrade(database)
    async with open_transaction(database.write, text("LOCK TABLE outbox")):
        assert await fault_of(database, "INSERT INTO outbox DEFAULT VALUES") is RecordsFault.BUSY


async def test_a_pool_in_use_is_busy(options: RecordsOptions) -> None:
    small = options.model_copy(update={"connect_seconds": 0.1})
    async with (
        records_database(small) as database,
        open_transaction(database.read, text("SELECT 1")),
        open_transaction(database.read, text("SELECT 1")),
    ):
        assert await fault_of(database, "SELECT 1") is RecordsFault.BUSY


async def test_a_standby_is_read_only(database: RecordsDatabase, options: RecordsOptions) -> None:
    await schema.upgrade(database)
    read_only = text(f"ALTER DATABASE {options.database} SET default_transaction_read_only = on")
    await database.run_outside_transactions(lambda connection: connection.execute(read_only))
    async with records_database(options) as again:
        assert await fault_of(again, "DELETE FROM outbox") is RecordsFault.READ_ONLY


async def test_a_start_refuses_what_would_lose_accepted_work(
    database: RecordsDatabase, options: RecordsOptions
) -> None:
    await schema.upgrade(database)
    losing = text(f"ALTER DATABASE {options.database} SET synchronous_commit = off")
    await database.run_outside_transactions(lambda connection: connection.execute(losing))
    with pytest.raises(SetupError, match="synchronous_commit = off, and would lose accepted work: set it to on"):
        async with opened_records(options):
            pass


async def test_a_reader_changes_nothing(database: RecordsDatabase) -> None:
    with pytest.raises(RecordsError) as failed:
        await database.read(lambda connection: connection.execute(text("CREATE TABLE things ()")))
    assert failed.value.fault is RecordsFault.READ_ONLY


class OtherTime:
    """Stands in for `time` on a machine whose clock is off."""

    def __init__(self, ahead: float) -> None:
        self._ahead = ahead

    def time(self) -> float:
        return time.time() + self._ahead


@pytest.mark.parametrize(
    ("ahead", "said"), [(3600.0, "s ahead of the database"), (-3600.0, "s behind the database"), (0.0, "")]
)
async def test_a_clock_that_is_far_from_the_databases_is_warned_of(
    options: RecordsOptions,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    ahead: float,
    said: str,
) -> None:
    async with records_database(options) as database:
        await schema.upgrade(database)
    monkeypatch.setattr(database_clock, "time", OtherTime(ahead))
    async with opened_records(options):
        pass
    lines = [line for line in caplog.messages if "the clock of this machine is" in line]
    assert len(lines) == bool(said)
    assert all(said in line and ADVICE in line for line in lines)

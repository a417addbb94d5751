"""The database of records fails under a running server: calls say so, nothing accepted is lost, and it recovers."""

import asyncio
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import TypeVar

import asyncpg
import grpc.aio
import pytest
from google.longrunning import operations_pb2

from groundwire_server.adapters.records import schema
from groundwire_server.adapters.records.engine import records_database
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.work.history import HistoryEvent
from tests.chaos.services import Service
from tests.chaos.stack import KEY, postgres_service
from tests.e2e.calls import SECONDS, info
from tests.e2e.conftest import Product, Serve
from tests.e2e.test_queue_work import PROMPT, filled, history, result, submit, wait
from tests.postgres_server import USER, PostgresDatabases, needs_postgres

PATIENT = PROMPT.model_copy(update={"attempts": 50, "lease_seconds": 1.0})
PAUSE = 0.05

Broken = Callable[[], AbstractAsyncContextManager[None]]
T = TypeVar("T")


async def goes_on_after(product: Product, broken: Broken, *, refuses: bool = True) -> None:
    """Make sure that what was accepted before, during and after a fault is answered and billed once.

    Args:
        product: a server.
        broken: the fault, for as long as it is entered.
        refuses: whether nothing can be accepted meanwhile.
    """
    await filled(product)
    before = [(await submit(product)).name for _ in range(3)]
    during = [asyncio.create_task(again(lambda: submit(product))) for _ in range(3)]
    async with broken():
        if refuses:
            await refused(product)
    names = before + [(await each).name for each in during]
    names += [(await again(lambda: submit(product))).name for _ in range(3)]
    for name in names:
        done: operations_pb2.Operation = await again(lambda name=name: wait(product, name))  # type: ignore[misc]
        assert result(done).outcome.WhichOneof("result") == "answered"
    report = await history(product, *names)
    assert (report.faults, report.open) == ((), frozenset())
    # A call whose reply was lost may have been accepted twice: these have no id by which they could be known.
    assert report.ends.keys() == {HistoryEvent.EFFECT}
    assert report.ends[HistoryEvent.EFFECT] in {len(names), len(names) + len(during)}


async def refused(product: Product) -> None:
    """Make sure that accepting says that the records cannot be asked, in bounded time."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await submit(product)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert info(caught.value).reason == "RECORDS_UNAVAILABLE"


async def again(call: Callable[[], Awaitable[T]]) -> T:
    """Call as a client does: again while the records cannot be asked."""
    async with asyncio.timeout(2 * SECONDS):
        while True:
            try:
                return await call()
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE or info(error).reason != "RECORDS_UNAVAILABLE":
                    raise
            await asyncio.sleep(PAUSE)


def sqlite_options(folder: Path) -> RecordsOptions:
    return RecordsOptions.model_validate({"url": f"sqlite:///{folder}/records.sqlite3", "statement_seconds": 0.5})


def connected(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None, timeout=SECONDS, check_same_thread=False)


async def test_a_file_that_another_process_has_locked(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "records.sqlite3"

    @asynccontextmanager
    async def locked() -> AsyncIterator[None]:
        with closing(connected(file)) as other:
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")  # writers of the server come first
            yield

    async with serve(queue=PATIENT, records_options=sqlite_options(tmp_path)) as product:
        await goes_on_after(product, locked)


@pytest.mark.process
async def test_a_disk_that_is_full(serve: Serve, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=2m", "groundwire-test", str(disk)]
    if not await _ran(*mounting):
        pytest.skip("a disk can be mounted by root alone")

    @asynccontextmanager
    async def full() -> AsyncIterator[None]:
        filling = disk / "filling"
        with filling.open("wb", buffering=0) as written:
            try:
                while written.write(bytes(1024)):
                    pass
            except OSError:
                yield
        filling.unlink()

    try:
        async with serve(queue=PATIENT, records_options=sqlite_options(disk)) as product:
            await goes_on_after(product, full)
    finally:
        assert await _ran("umount", "--lazy", str(disk))


async def _ran(*command: str) -> bool:
    """Return whether a command ended well."""
    ran = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)
    return not ran.returncode


RENAMED = ("ALTER TABLE operations RENAME COLUMN turn TO place", "ALTER TABLE operations RENAME COLUMN place TO turn")
UPGRADES = {
    "a column": RENAMED,
    "a table": ("ALTER TABLE operation_history RENAME TO events", "ALTER TABLE events RENAME TO operation_history"),
}
"""What a newer server may do to the tables of a running one, and what restores them."""


@pytest.mark.parametrize("upgrade", UPGRADES)
async def test_tables_that_a_newer_server_has_changed(serve: Serve, tmp_path: Path, upgrade: str) -> None:
    change, restore = UPGRADES[upgrade]

    @asynccontextmanager
    async def changed() -> AsyncIterator[None]:
        with closing(connected(tmp_path / "records.sqlite3")) as other:
            await asyncio.to_thread(other.execute, change)
            yield
            await asyncio.to_thread(other.execute, restore)

    async with serve(queue=PATIENT, records_options=sqlite_options(tmp_path)) as product:
        await goes_on_after(product, changed)


async def test_a_column_that_a_newer_server_has_added_hinders_nobody(serve: Serve, tmp_path: Path) -> None:
    @asynccontextmanager
    async def added() -> AsyncIterator[None]:
        with closing(connected(tmp_path / "records.sqlite3")) as other:
            await asyncio.to_thread(other.execute, "ALTER TABLE operations ADD COLUMN more TEXT")
        yield

    async with serve(queue=PATIENT, records_options=sqlite_options(tmp_path)) as product:
        await goes_on_after(product, added, refuses=False)


@pytest.fixture
async def postgres_options(postgres: PostgresDatabases, monkeypatch: pytest.MonkeyPatch) -> RecordsOptions:
    return await made(await postgres.create(), monkeypatch)


async def made(url: str, monkeypatch: pytest.MonkeyPatch) -> RecordsOptions:
    """Return options of a database, in which there are tables now."""
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)
    options = RecordsOptions.model_validate(
        {
            "url": url,
            "username": USER,
            "keys": [{"id": "k1", "key": "env://CHAOSKEY"}],
            "connect_seconds": 0.5,
            "statement_seconds": 0.5,
        }
    )
    async with records_database(options.model_copy(update={"statement_seconds": 60.0})) as database:
        await schema.upgrade(database)
    return options


async def told(options: RecordsOptions, *statements: str) -> None:
    """Run statements beside the server."""
    other = await asyncpg.connect(host=str(options.host), user=USER, database=str(options.database))
    for statement in statements:
        await other.execute(statement)
    await other.close()


OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.mark.process
@needs_postgres
async def test_connections_that_are_ended_in_the_middle(serve: Serve, postgres_options: RecordsOptions) -> None:
    @asynccontextmanager
    async def ended() -> AsyncIterator[None]:
        for _ in range(20):
            await told(postgres_options, f"SELECT pg_terminate_backend(pid) {OTHERS}")
            await asyncio.sleep(0.01)
        yield

    async with serve(queue=PATIENT, records_options=postgres_options) as product:
        await goes_on_after(product, ended, refuses=False)


@pytest.mark.process
@needs_postgres
async def test_a_postgresql_that_has_become_a_standby(serve: Serve, postgres_options: RecordsOptions) -> None:
    @asynccontextmanager
    async def read_only() -> AsyncIterator[None]:
        end = f"SELECT pg_terminate_backend(pid) {OTHERS}"
        alter = f"ALTER DATABASE {postgres_options.database} SET default_transaction_read_only"
        await told(postgres_options, f"{alter} = on", end)
        yield
        await told(postgres_options, "SET default_transaction_read_only = off", f"{alter} = off", end)

    async with serve(queue=PATIENT, records_options=postgres_options) as product:
        await goes_on_after(product, read_only)


@pytest.mark.process
@needs_postgres
@pytest.mark.parametrize(
    ("change", "restore"),
    [
        *(pytest.param(*statements, id=name) for name, statements in UPGRADES.items()),
        pytest.param(
            "ALTER TABLE operation_history ADD COLUMN hash BIGINT NOT NULL DEFAULT 0; "
            "ALTER TABLE operation_history ALTER COLUMN hash DROP DEFAULT",
            "ALTER TABLE operation_history DROP COLUMN hash",
            id="a column that must be filled",
        ),
    ],
)
async def test_tables_of_postgresql_that_a_newer_server_has_changed(
    serve: Serve, postgres_options: RecordsOptions, change: str, restore: str
) -> None:
    @asynccontextmanager
    async def changed() -> AsyncIterator[None]:
        await told(postgres_options, change)
        yield
        await told(postgres_options, restore)

    async with serve(queue=PATIENT, records_options=postgres_options) as product:
        await goes_on_after(product, changed)


@pytest.fixture
async def own_postgres() -> AsyncIterator[tuple[Service, str]]:
    """A PostgreSQL of this test's own, and the URL of a database."""
    folder = Path(tempfile.mkdtemp(prefix="gw-pg-", dir="/tmp"))  # the path of a socket is short
    service = postgres_service(folder)
    try:
        service.start()
        yield service, f"postgresql:///{USER}?host={folder}"
    finally:
        service.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.process
@needs_postgres
@pytest.mark.parametrize("fault", ["killed", "stopped"])
async def test_a_postgresql_that_is_away_for_a_while(
    serve: Serve, own_postgres: tuple[Service, str], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    service, url = own_postgres
    folder = url.partition("host=")[2]
    other = await asyncpg.connect(host=folder, user=USER, database="postgres")
    await other.execute(f"CREATE DATABASE {USER}")
    await other.close()
    options = await made(url, monkeypatch)

    @asynccontextmanager
    async def killed() -> AsyncIterator[None]:
        service.kill()
        yield
        await asyncio.to_thread(service.start)

    @asynccontextmanager
    async def stopped() -> AsyncIterator[None]:
        service.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            service.signal(signal.SIGCONT)

    async with serve(queue=PATIENT, records_options=options) as product:
        await goes_on_after(product, {"killed": killed, "stopped": stopped}[fault])

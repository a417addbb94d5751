"""What holds of transactions on every database of records."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.tables.base import VERSION_TABLE
from groundwire_server.ports.operations import RecordsError
from tests.open_transactions import open_transaction

THINGS = Table("things", MetaData(), Column("number", Integer, primary_key=True))
OURS = Table(VERSION_TABLE, THINGS.metadata, Column("version_num", Integer))
"""Without it a file would be another program's."""


@pytest.fixture
async def database(empty_database: RecordsDatabase) -> RecordsDatabase:
    await empty_database.write(THINGS.metadata.create_all)
    return empty_database


async def numbers(database: RecordsDatabase) -> list[int]:
    asked = select(THINGS.c.number).order_by(THINGS.c.number)
    return list(await database.read(lambda connection: connection.execute(asked).scalars().all()))


async def put(database: RecordsDatabase, *numbers: int) -> None:
    rows = [{"number": number} for number in numbers]
    await database.write(lambda connection: connection.execute(insert(THINGS), rows))


async def test_a_transaction_is_committed_when_it_ends(database: RecordsDatabase) -> None:
    async with open_transaction(database.write, insert(THINGS).values(number=1)):
        assert await numbers(database) == []
    assert await numbers(database) == [1]


async def test_a_transaction_returns_what_its_work_returns(database: RecordsDatabase) -> None:
    written = insert(THINGS).values(number=1).returning(THINGS.c.number)
    assert await database.write(lambda connection: connection.execute(written).scalar_one()) == 1


async def test_an_exception_leaves_nothing_of_a_transaction(database: RecordsDatabase) -> None:
    def write(connection: Connection) -> None:
        connection.execute(insert(THINGS).values(number=1))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(write)
    assert await numbers(database) == []


async def test_a_reader_leaves_nothing(database: RecordsDatabase) -> None:
    with suppress(RecordsError):  # PostgreSQL refuses it
        await database.read(lambda connection: connection.execute(insert(THINGS).values(number=1)))
    assert await numbers(database) == []


async def test_a_cancelled_transaction_leaves_nothing_and_blocks_nobody(database: RecordsDatabase) -> None:
    async with open_transaction(database.write, insert(THINGS).values(number=1)) as writing:
        writing.cancel()
    assert writing.cancelled()
    await put(database, 2)
    assert await numbers(database) == [2]


async def test_a_broken_constraint_passes_through(database: RecordsDatabase) -> None:
    with pytest.raises(IntegrityError):
        await put(database, 1, 1)


async def test_an_error_does_not_hold_what_was_written(database: RecordsDatabase) -> None:
    with pytest.raises(DBAPIError) as failed:
        await put(database, 471100815, 471100815)
    assert "[SQL parameters hidden" in str(failed.value)


async def test_many_writers_at_once_all_end(database: RecordsDatabase) -> None:
    await asyncio.gather(*(put(database, number) for number in range(50)))
    assert await numbers(database) == list(range(50))


async def test_many_readers_at_once_all_end(database: RecordsDatabase) -> None:
    assert await asyncio.gather(*(numbers(database) for _ in range(50))) == [[]] * 50


async def test_the_event_loop_goes_on_while_a_transaction_runs(database: RecordsDatabase) -> None:
    async with open_transaction(database.write, insert(THINGS).values(number=1)) as writing:
        await asyncio.sleep(0)
        assert not writing.done()

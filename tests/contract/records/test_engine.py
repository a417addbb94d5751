"""What holds of transactions on every database of records."""

import asyncio

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.tables import VERSION_TABLE

THINGS = Table("things", MetaData(), Column("number", Integer, primary_key=True))
OURS = Table(VERSION_TABLE, THINGS.metadata, Column("version_num", Integer))
"""Without it a file would be another program's."""


@pytest.fixture
async def database(empty_database: RecordsDatabase) -> RecordsDatabase:
    async with empty_database.writing() as connection:
        await connection.run_sync(THINGS.metadata.create_all)
    return empty_database


async def numbers(database: RecordsDatabase) -> list[int]:
    async with database.reading() as connection:
        return list((await connection.execute(select(THINGS.c.number).order_by(THINGS.c.number))).scalars())


async def test_a_transaction_is_committed_when_it_ends(database: RecordsDatabase) -> None:
    async with database.writing() as connection:
        await connection.execute(insert(THINGS).values(number=1))
        assert await numbers(database) == []
    assert await numbers(database) == [1]


async def test_an_exception_leaves_nothing_of_a_transaction(database: RecordsDatabase) -> None:
    async def write() -> None:
        async with database.writing() as connection:
            await connection.execute(insert(THINGS).values(number=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write()
    assert await numbers(database) == []


async def test_a_cancelled_transaction_leaves_nothing_and_blocks_nobody(database: RecordsDatabase) -> None:
    begun = asyncio.Event()

    async def write() -> None:
        async with database.writing() as connection:
            await connection.execute(insert(THINGS).values(number=1))
            begun.set()
            await asyncio.Event().wait()

    writing = asyncio.create_task(write())
    await begun.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    async with database.writing() as connection:
        await connection.execute(insert(THINGS).values(number=2))
    assert await numbers(database) == [2]


async def test_a_broken_constraint_passes_through(database: RecordsDatabase) -> None:
    async def write() -> None:
        async with database.writing() as connection:
            await connection.execute(insert(THINGS), [{"number": 1}, {"number": 1}])

    with pytest.raises(IntegrityError):
        await write()


async def test_an_error_does_not_hold_what_was_written(database: RecordsDatabase) -> None:
    with pytest.raises(DBAPIError) as failed:
        async with database.writing() as connection:
            await connection.execute(insert(THINGS), [{"number": 471100815}, {"number": 471100815}])
    assert "[SQL parameters hidden" in str(failed.value)


async def test_many_writers_at_once_all_end(database: RecordsDatabase) -> None:
    async def write(number: int) -> None:
        async with database.writing() as connection:
            await connection.execute(insert(THINGS).values(number=number))

    await asyncio.gather(*(write(number) for number in range(50)))
    assert await numbers(database) == list(range(50))

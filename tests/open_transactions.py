"""Transactions of records that stay open while a test looks at what others see."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from sqlalchemy import Connection, Executable
from sqlalchemy.util import await_only

Run: TypeAlias = Callable[[Callable[[Connection], None]], Awaitable[None]]
"""`RecordsDatabase.read` or `write`."""


@asynccontextmanager
async def open_transaction(run: Run, statement: Executable) -> AsyncIterator[asyncio.Task[None]]:
    """Yield the task of a transaction that has executed a statement; it ends when the context is left."""
    begun, ended, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()

    def execute(connection: Connection) -> None:
        connection.execute(statement)
        loop.call_soon_threadsafe(begun.set)
        if connection.dialect.is_async:
            await_only(ended.wait())
        else:
            asyncio.run_coroutine_threadsafe(ended.wait(), loop).result()

    async def transaction() -> None:
        await run(execute)

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(transaction())
        await begun.wait()
        try:
            yield task
        finally:
            ended.set()

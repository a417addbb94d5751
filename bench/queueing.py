"""`python -m bench.queueing`: what the records of queued answers take, on SQLite and on a PostgreSQL of its own.

An operation is accepted, taken up and completed; no model is asked. PostgreSQL works in processes of its own, whose CPU
is not in the figures.
"""

import argparse
import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from groundwire_server.adapters.records import schema
from groundwire_server.adapters.records.encryption import Sealing, SealingKey
from groundwire_server.adapters.records.engine import records_database
from groundwire_server.adapters.records.operations.sql import SqlOperationRecords
from groundwire_server.adapters.records.operations.sweeping import KeepTimes
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.parts.operation_codec import CODEC
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.operation import Bill, OperationKey, QueuedQuestion
from groundwire_server.domain.question import Question
from groundwire_server.ports.operations import QueueBounds
from tests.postgres_server import COMMAND, USER, PostgresDatabases, postgres_server

_BOUNDS = QueueBounds(waiting=1_000_000, waiting_per_tenant=1_000_000, question_bytes=1_000_000)
_KEEP = KeepTimes(timedelta(days=7), timedelta(days=90), timedelta(days=400))
_TENANTS = 10
_RESULT = bytes(2000)
"""As long as an answer with its citations."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one operation takes, in milliseconds.

    Attributes:
        accept_cpu: CPU of this process to accept it.
        accept: time to accept it, one after the other.
        work_cpu: CPU of this process to take it up and complete it.
        work: time to take it up and complete it, one after the other.
    """

    accept_cpu: float
    accept: float
    work_cpu: float
    work: float


class Queueing:
    """Operations of several tenants in one database."""

    def __init__(self, records: SqlOperationRecords) -> None:
        self._records = records
        self._accepted = 0

    async def measured(self, operations: int) -> Figures:
        """Accept so many operations, then work them off."""
        accept_cpu, accept = await self._accept(operations)
        cpu, began = time.process_time(), time.perf_counter()
        while claim := await self._records.claim("bench", 60.0):
            await self._records.complete(claim, _RESULT, Bill(2500, 100, 2900), ["document-1", "document-2"])
        each = 1000 / operations
        return Figures(accept_cpu, accept, (time.process_time() - cpu) * each, (time.perf_counter() - began) * each)

    async def _accept(self, operations: int) -> tuple[float, float]:
        cpu, began = time.process_time(), time.perf_counter()
        for _ in range(operations):
            self._accepted += 1
            await self._records.accept(*_operation(self._accepted), _BOUNDS)
        each = 1000 / operations
        return (time.process_time() - cpu) * each, (time.perf_counter() - began) * each


def _operation(number: int) -> tuple[OperationKey, QueuedQuestion]:
    tenant, now = f"tenant-{number % _TENANTS}", datetime.now(UTC)
    work = QueuedQuestion(
        Question("default", "How long does a parcel wait in the mail room?", f"{number:032x}"),
        Caller(tenant, "bench", frozenset({"staff"})),
        number.to_bytes(16),
        None,
        now,
        now + timedelta(hours=1),
        most_cost=10_000,
    )
    return OperationKey(tenant, "bench", f"{number:032x}"), work


@asynccontextmanager
async def queueing(options: RecordsOptions) -> AsyncIterator[Queueing]:
    """Yield operations in an empty database."""
    async with records_database(options) as database:
        await schema.upgrade(database)
        sealing = Sealing([SealingKey("bench", os.urandom(32))])
        yield Queueing(SqlOperationRecords(database, sealing, CODEC, SystemClock(), attempts=3, keep=_KEEP))


@asynccontextmanager
async def queueing_on_sqlite(folder: Path) -> AsyncIterator[Queueing]:
    """Yield operations in a file of their own in a folder."""
    with TemporaryDirectory(dir=folder) as made:
        options = RecordsOptions.model_validate({"url": f"sqlite:///{made}/records.sqlite3"})
        async with queueing(options) as queue:
            yield queue


async def sqlite(folder: Path, operations: int, rounds: int) -> Sequence[Figures]:
    """Return the figures of each round in a file in a folder."""
    async with queueing_on_sqlite(folder) as queue:
        await queue.measured(operations // 4)
        return [await queue.measured(operations) for _ in range(rounds)]


async def postgresql(operations: int, rounds: int) -> Sequence[Figures]:
    """Return the figures of each round in a PostgreSQL that syncs every commit."""
    os.environ["BENCH_RECORDS_KEY"] = "A" * 43 + "="
    keys = [{"id": "bench", "key": "env://BENCH_RECORDS_KEY"}]
    with postgres_server("fsync=on") as folder:
        url = await PostgresDatabases(folder).create()
        async with queueing(RecordsOptions.model_validate({"url": url, "username": USER, "keys": keys})) as queue:
            await queue.measured(operations // 4)
            return [await queue.measured(operations) for _ in range(rounds)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.queueing", description=__doc__)
    parser.add_argument("--operations", type=int, default=400, help="operations of a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds; the best of each figure is printed")
    parser.add_argument("--folder", type=Path, default=Path(".groundwire/bench"), help="folder for the file of SQLite")
    given = parser.parse_args()
    print(f"{'':12}{'accept: CPU':>14}{'time':>10}{'a second':>10}{'work off: CPU':>16}{'time':>10}{'a second':>10}")
    given.folder.mkdir(parents=True, exist_ok=True)
    _print("SQLite", asyncio.run(sqlite(given.folder, given.operations, given.rounds)))
    if COMMAND is None:
        print("PostgreSQL  is not installed")
    else:
        _print("PostgreSQL", asyncio.run(postgresql(given.operations, given.rounds)))


def _print(name: str, rounds: Sequence[Figures]) -> None:
    accept_cpu, accept = min(each.accept_cpu for each in rounds), min(each.accept for each in rounds)
    work_cpu, work = min(each.work_cpu for each in rounds), min(each.work for each in rounds)
    accepted = f"{accept_cpu:11.2f} ms{accept:7.2f} ms{1000 / accept:10.0f}"
    print(f"{name:12}{accepted}{work_cpu:13.2f} ms{work:7.2f} ms{1000 / work:10.0f}")


if __name__ == "__main__":
    main()

"""Several processes that write at once: sums add up, on one database and on several connections to it."""

import asyncio
from dataclasses import replace

from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.usage.accounts import SqlUsageRecords
from groundwire_server.domain.vocabulary import Purpose
from groundwire_server.ports.usage import UsageBatch
from tests.contract.operations.queued import SteppingClock
from tests.contract.usage.conftest import KEEP
from tests.contract.usage.test_accounts import ALL, KEY, NOON, SUM

PROCESSES, BATCHES = 6, 10
KEYS = [replace(KEY, subject=subject, purpose=purpose) for subject in "abcde" for purpose in Purpose]


async def _process(accounts: SqlUsageRecords, name: str, *, backwards: bool) -> None:
    keys = KEYS[::-1] if backwards else KEYS
    for number in range(1, BATCHES + 1):
        batch = UsageBatch(number, NOON, dict.fromkeys(keys, SUM), {"acme": number})
        # A commit that broke off is written again, perhaps while the first is still on its way.
        await asyncio.gather(*(accounts.write(name, NOON, batch) for _ in range(2)))


async def test_processes_that_add_to_the_same_sums_lose_nothing(
    database: RecordsDatabase, records_options: RecordsOptions, clock: SteppingClock
) -> None:
    async with records_database(records_options) as other:
        places = [SqlUsageRecords(each, clock, KEEP) for each in (database, other)]
        await asyncio.gather(
            *(
                _process(places[number % 2], f"process{number}", backwards=bool(number % 3))
                for number in range(PROCESSES)
            )
        )
        (row,) = await places[0].query(ALL, None, 10)
    assert row.sums.calls == SUM.calls * len(KEYS) * BATCHES * PROCESSES
    assert row.sums.cost_micros == SUM.cost_micros * len(KEYS) * BATCHES * PROCESSES

"""A worker in a process of its own: it completes what is due, prints the texts, and ends.

python worker.py URL USERNAME NAME
"""

import asyncio
import base64
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from groundwire_server.adapters.records.engine import records_database
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.domain.operation import Bill
from tests.contract.operations.queued import LEASE, SteppingClock, operation_records


async def main(url: str, username: str, name: str) -> None:
    given: dict[str, object] = {"url": url}
    if username:
        os.environ["RECORDS_KEY"] = base64.b64encode(bytes(32)).decode()
        given |= {"username": username, "keys": [{"id": "k1", "key": "env://RECORDS_KEY"}]}
    async with records_database(RecordsOptions.model_validate(given)) as database:
        records = operation_records(database, SteppingClock())
        while claim := await records.claim(name, LEASE):
            assert await records.complete(claim, name.encode(), Bill(1, 1, 1), [])
            print(claim.work.question.text)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

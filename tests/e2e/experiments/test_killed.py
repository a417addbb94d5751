"""A server that is killed keeps the results that it has written, and counts none of them twice."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from groundwire import Client, Document, Question
from tests.deploy.stack import GROUNDWIRE
from tests.e2e.experiments.splitting import QUESTION, TEXT, configured, split
from tests.e2e.test_usage_crash import rows, until

NAME = "second-model"
COUNTED = "SELECT sum(calls) FROM experiment_units"


@asynccontextmanager
async def _serving(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, Client]]:
    file = folder / "groundwire.yaml"
    records = f'records: {{url: "sqlite:///{folder}/records.sqlite3"}}'
    file.write_text(configured(folder).replace("records: {enabled: true}", records))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GROUNDWIRE_", "OTEL_"))}
    with (folder / "server.log").open("a") as log:
        process = await asyncio.create_subprocess_exec(
            *GROUNDWIRE, "serve", "--config", str(file), stdout=asyncio.subprocess.PIPE, stderr=log, env=environment
        )
    try:
        assert process.stdout is not None
        said = (await process.stdout.readline()).decode()
        assert said.startswith("listening on "), (folder / "server.log").read_text()
        async with Client(said.split()[-1], tenant="acme", subject="ops", principals=["staff"]) as client:
            yield process, client
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _ask(client: Client, *users: str) -> None:
    for user in users:
        await client.answer(Question(text=QUESTION, end_user_id=user))


@pytest.mark.process
async def test_a_kill_loses_a_second_of_calls_at_most_and_counts_none_twice(tmp_path: Path) -> None:
    async with _serving(tmp_path) as (process, client):
        await client.put_document(Document(document_id="lambdas", text=TEXT, allowed_principals=["staff"]))
        await client.apply_experiment(split())
        await _ask(client, "ann", "bob", "cid")
        await until(lambda: rows(tmp_path, COUNTED) == [(3,)])
        await _ask(client, "ann")
        process.kill()
        await process.wait()
    async with _serving(tmp_path) as (_, client):
        # The last call may have been written just before.
        before = sum(arm.calls for arm in (await client.experiment(NAME)).arms)
        assert before in {3, 4}
        await _ask(client, "ann", "dan")
        await until(lambda: rows(tmp_path, COUNTED) == [(before + 2,)])
        found = await client.experiment(NAME)
        assert sum(arm.units for arm in found.arms) == 4
        assert sum(arm.units_in_several_arms for arm in found.arms) == 0

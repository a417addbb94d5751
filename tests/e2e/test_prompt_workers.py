"""Several processes over one database of records: a change is in force on each, whatever happens to one of them."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from groundwire import Client, Error
from groundwire.v1 import prompt_service_pb2
from groundwire.v1.prompt_service_pb2_grpc import PromptServiceStub
from tests.doubles.workers import PATIENCE, Through, Workers, redis, workers
from tests.e2e.prompts import TENANT, configured, template
from tests.redis_server import needs_redis

if TYPE_CHECKING:
    from groundwire.v1.prompt_service_pb2_grpc import PromptServiceAsyncStub

pytestmark = [needs_redis, pytest.mark.process, pytest.mark.slow]

ANA = (("groundwire-tenant", TENANT), ("groundwire-subject", "ana"))


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Workers]:
    """Two workers over one file of records."""
    sections = configured(folder)
    del sections["server"], sections["stores"], sections["routes"]
    async with redis() as url, workers(folder, url, file=sections) as server:
        yield server


async def listed(through: Through) -> prompt_service_pb2.ListPromptsResponse:
    """Return what a worker has in force."""
    stub: PromptServiceAsyncStub = PromptServiceStub(through.channel)
    request = prompt_service_pb2.ListPromptsRequest(name="answer")
    response: prompt_service_pb2.ListPromptsResponse = await stub.ListPrompts(request, metadata=ANA, timeout=PATIENCE)
    return response


async def production(through: Through) -> str:
    """Return what the label `production` points at on a worker."""
    (prompt,) = (await listed(through)).prompts
    return next((each.version for each in prompt.labels if each.label == "production"), "")


async def everywhere(each: Sequence[Through], version: str) -> None:
    """Wait until `production` points at a version on every worker."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if {await production(through) for through in each} == {version}:
                return
            await asyncio.sleep(0.05)


async def test_a_change_is_in_force_on_every_worker(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, server.each() as each:
        async with Client(each[0].channel, tenant=TENANT, subject="ana") as operator:
            before = (await operator.prompt_version("answer")).version
            await operator.push_prompt("answer", "9.0.0", template("new"))
            await operator.set_prompt_label("answer", "production", "9.0.0")
            # The worker that made the change has it at once, and the other soon: it looks each half second.
            assert await production(each[0]) == "9.0.0"
            await everywhere(each, "9.0.0")
            await operator.roll_back_prompt("answer")
            assert await production(each[0]) == before
            await everywhere(each, before)
        # A change through the other worker builds on what this one has done.
        async with Client(each[1].channel, tenant=TENANT, subject="ben") as operator:
            await operator.set_prompt_label("answer", "production", "9.0.0", expected=before)
            await everywhere(each, "9.0.0")


async def test_a_worker_that_was_killed_comes_back_with_what_is_in_force(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        async with server.each() as each, Client(each[0].channel, tenant=TENANT, subject="ana") as operator:
            await operator.push_prompt("answer", "9.0.0", template("new"))
            changing = asyncio.create_task(operator.set_prompt_label("answer", "production", "9.0.0"))
            # In the middle of the change, or just before or after it.
            os.kill(server.pids[1], signal.SIGKILL)
            try:
                done = (await changing).label.version
            except Error:
                done = ""
            other = await production(each[1])
        await server.logged("a worker serves", worker=1, times=2)
        async with server.each() as each, Client(each[0].channel, tenant=TENANT, subject="ana") as operator:
            kept = await production(each[0])
            # What was confirmed is kept, and the change is whole or not there, with its entry or without.
            assert kept in {"9.0.0", other}
            assert done in {"", kept}
            await everywhere(each, kept)
            changes = [change async for change in operator.prompt_changes("answer")]
            entries = [entry async for entry in operator.audit_entries(target="prompts/answer")]
            assert [entry.details["version"] for entry in entries] == [change.version for change in reversed(changes)]
            assert [change.revision for change in changes] == list(range(len(changes), 0, -1))
            assert (await operator.verify_audit()).intact
            # And it goes on.
            await operator.set_prompt_label("answer", "production", "9.0.0")
            await operator.set_prompt_label("answer", "candidate", "9.0.0")
            await everywhere(each, "9.0.0")

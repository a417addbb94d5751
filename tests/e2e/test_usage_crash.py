"""A server that is killed keeps the accounts it has written, counts nothing twice, and what is missing is shown."""

import asyncio
import json
import os
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from groundwire.v1 import usage_service_pb2
from groundwire.v1.usage_service_pb2_grpc import UsageServiceStub
from tests.deploy.stack import GROUNDWIRE
from tests.doubles.upstream import Beat, Reply, Stall, Upstream, upstream
from tests.e2e.calls import ACME, SECONDS, answer, ingest, question, stream, used
from tests.e2e.generation.conftest import one_model
from tests.e2e.generation.drafts import DOCUMENTS, SENTENCE, answers, segments, writes
from tests.e2e.telemetry.serving import Stubs

BEGUN = Reply([*writes(*segments(SENTENCE))[:3], Beat(), Stall()])
HOUR = 3_600_000_000
"""Microseconds: longer than a process that lives says nothing."""


class Running:
    """A server process, and its stubs."""

    def __init__(self, process: asyncio.subprocess.Process, channel: grpc.aio.Channel) -> None:
        self.process = process
        self.channel = channel
        self.stubs = Stubs(channel)

    async def usage(self) -> usage_service_pb2.QueryUsageResponse:
        request = usage_service_pb2.QueryUsageRequest()
        response: usage_service_pb2.QueryUsageResponse = await UsageServiceStub(self.channel).QueryUsage(
            request, metadata=ACME, timeout=SECONDS
        )
        return response

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def running(folder: Path, double: Upstream) -> AsyncIterator[Running]:
    sections: dict[str, Any] = one_model(double, price={"input": 3, "output": 15}, retry={"max_attempts": 1})
    sections["records"] = {"url": f"sqlite:///{folder}/records.sqlite3"}
    sections["stores"] = {"main": {"folder": str(folder / "store"), "embedder": None}}
    sections["server"] = {"listen": "127.0.0.1:0", "drain": {"notice_seconds": 0, "grace_seconds": 0}}
    file = folder / "groundwire.yaml"
    file.write_text(json.dumps(sections))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GROUNDWIRE_", "OTEL_"))}
    with (folder / "server.log").open("a") as log:
        process = await asyncio.create_subprocess_exec(
            *GROUNDWIRE, "serve", "--config", str(file), stdout=asyncio.subprocess.PIPE, stderr=log, env=environment
        )
    try:
        assert process.stdout is not None
        said = (await process.stdout.readline()).decode()
        assert said.startswith("listening on "), (folder / "server.log").read_text()
        async with grpc.aio.insecure_channel(said.split()[-1]) as channel:
            yield Running(process, channel)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def rows(folder: Path, asked: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "records.sqlite3")) as connection:
        found = connection.execute(asked).fetchall()
        connection.commit()
        return found


async def until(happened: Callable[[], bool]) -> None:
    for _ in range(3000):
        if happened():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it has not happened")


def figures(response: usage_service_pb2.QueryUsageResponse) -> Counter[str]:
    counted: Counter[str] = Counter()
    for row in response.rows:
        counted.update(input=row.input_tokens, output=row.output_tokens, cost=row.cost_micros, calls=row.calls)
    return counted


@pytest.mark.process
async def test_what_a_kill_leaves_open_is_shown_and_nothing_is_counted_twice(tmp_path: Path) -> None:
    replied: Counter[str] = Counter()

    async def asked(server: Running, number: int) -> None:
        usage = used(await answer(server.stubs, question(f"What do lambda expressions create, {number}?")))
        replied.update(input=usage.input_tokens, output=usage.output_tokens, cost=usage.cost_micros, calls=1)

    async with upstream(answers(), answers(), answers(), BEGUN, answers()) as double:
        async with running(tmp_path, double) as first:
            await ingest(first.stubs, *DOCUMENTS)
            for number in range(3):
                await asked(first, number)
            left = asyncio.create_task(stream(first.stubs, question("What do lambda expressions create in the end?")))
            await until(lambda: rows(tmp_path, "SELECT calls FROM usage_open_calls") == [(1,)])
            await until(lambda: rows(tmp_path, "SELECT sum(calls) FROM usage") == [(3,)])
            await first.kill()
        with pytest.raises(grpc.aio.AioRpcError):
            await left
        # An hour passes.
        rows(tmp_path, f"UPDATE usage_books SET began = began - {HOUR}, written = written - {HOUR}")
        async with running(tmp_path, double) as second:
            found = await second.usage()
            assert figures(found) == replied
            (book,) = found.open
            assert book.open_calls == 1
            assert book.written_time.ToMicroseconds() < found.counted_time.ToMicroseconds() - HOUR // 2
            await asked(second, 4)
            await until(lambda: rows(tmp_path, "SELECT sum(calls) FROM usage") == [(4,)])
            assert figures(await second.usage()) == replied
        # One that drains closes its book.
        assert rows(tmp_path, "SELECT count(*) FROM usage_books WHERE closed IS NULL") == [(1,)]

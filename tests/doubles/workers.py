"""A real server with several workers, over a real Redis, and a channel to each worker."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import grpc.aio
import psutil

from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub
from tests.redis_server import redis_server

if TYPE_CHECKING:
    from groundwire.v1.answer_service_pb2_grpc import AnswerServiceAsyncStub
    from groundwire.v1.document_service_pb2_grpc import DocumentServiceAsyncStub
    from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceAsyncStub

PATIENCE = 180.0
"""Seconds after which a test is given up; nothing that passes takes a part of it."""

_CONNECTIONS = 200
"""Connections after which the system does not spread them."""


@dataclass
class Through:
    """A connection to one worker."""

    channel: grpc.aio.Channel
    answers: "AnswerServiceAsyncStub" = field(init=False)
    documents: "DocumentServiceAsyncStub" = field(init=False)
    retrieval: "RetrievalServiceAsyncStub" = field(init=False)

    def __post_init__(self) -> None:
        self.answers = AnswerServiceStub(self.channel)
        self.documents = DocumentServiceStub(self.channel)
        self.retrieval = RetrievalServiceStub(self.channel)


@dataclass
class Workers:
    """A server with several workers.

    Attributes:
        lines: of its log, so far.
    """

    process: Process
    address: str
    lines: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._logged = asyncio.Condition()
        self.reading = asyncio.create_task(self._read())

    @property
    def pids(self) -> Mapping[int, int]:
        """The processes that serve, by the worker's number; where one replaces another, the newer."""
        return {int(child.cmdline()[-1]): child.pid for child in sorted(_children(self.process.pid), key=_age)}

    async def logged(self, message: str, *, times: int = 1, **fields: object) -> list[dict[str, Any]]:
        """Wait until the log has as many lines with this message and these fields, and return them."""

        def found() -> list[dict[str, Any]]:
            wanted = {"message": message, **fields}
            return [line for line in self.lines if wanted.items() <= line.items()]

        async with asyncio.timeout(PATIENCE), self._logged:
            await self._logged.wait_for(lambda: len(found()) >= times)
        return found()

    async def ended(self) -> int:
        """Wait for its end; return its exit code."""
        async with asyncio.timeout(PATIENCE):
            code = await self.process.wait()
            await self.reading
        return code

    @asynccontextmanager
    async def each(self) -> AsyncIterator[Sequence[Through]]:
        """Connect until there is a connection to each worker; yield one to each, by their numbers."""
        pids = self.pids
        found: dict[int, Through] = {}
        async with AsyncExitStack() as opened:
            for _ in range(_CONNECTIONS):
                if len(found) == len(pids):
                    break
                options = (("grpc.use_local_subchannel_pool", 1),)
                before = {pid: _peers(pid, self.address) for pid in pids.values()}
                channel = await opened.enter_async_context(grpc.aio.insecure_channel(self.address, options=options))
                await asyncio.wait_for(channel.channel_ready(), PATIENCE)
                for number, pid in pids.items():
                    if _peers(pid, self.address) - before[pid]:
                        found.setdefault(number, Through(channel))
            yield [found[number] for number in sorted(pids)]

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            async with self._logged:
                self.lines.append(json.loads(line) if line.startswith(b"{") else {"message": line.decode().rstrip()})
                self._logged.notify_all()


@asynccontextmanager
async def workers(
    folder: Path, redis: str, *arguments: str, count: int = 2, file: dict[str, Any] | None = None
) -> AsyncIterator[Workers]:
    """Run a server with several workers until the context is left.

    Args:
        folder: for its documents and its configuration.
        redis: the URL of a Redis.
        arguments: further ones of `groundwire serve`.
        count: of workers.
        file: its configuration.
    """
    configuration = folder / "groundwire.yaml"
    configuration.write_text(json.dumps({"redis": {"url": redis}, **(file or {})}))
    process = await start(
        "--config", str(configuration), "--data", str(folder / "data"), "--workers", str(count), *arguments
    )
    running = Workers(process, "")
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
        assert line.startswith("listening on "), running.lines
        running.address = line.split()[-1]
        yield running
    finally:
        if process.returncode is None:
            process.terminate()
        await running.ended()


async def start(*arguments: str) -> Process:
    """Start a server on a free port, without a model on this machine."""
    command = (sys.executable, "-m", "groundwire_server", "serve", "--listen", "127.0.0.1:0", "--no-local-embedder")
    env = {name: value for name, value in os.environ.items() if name != "GRPC_VERBOSITY"}
    return await asyncio.create_subprocess_exec(*command, *arguments, stdout=PIPE, stderr=PIPE, env=env)


@asynccontextmanager
async def redis() -> AsyncIterator[str]:
    """A Redis of a test's own, in a folder whose path is short."""
    with (
        TemporaryDirectory(prefix="redis-", dir="/tmp") as folder,
        redis_server(Path(folder), "--appendonly", "yes", "--dir", folder) as url,
    ):
        yield url


def _children(pid: int) -> list[psutil.Process]:
    return [
        child for child in psutil.Process(pid).children() if "groundwire_server.app.workers.worker" in child.cmdline()
    ]


def _age(process: psutil.Process) -> float:
    return process.create_time()


def _peers(pid: int, address: str) -> set[int]:
    """The ports from which a process has connections at an address."""
    port = int(address.rpartition(":")[2])
    found = psutil.Process(pid).net_connections("tcp")
    return {each.raddr.port for each in found if each.laddr.port == port and each.raddr}

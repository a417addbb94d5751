"""What several workers cost: `python -m bench.workers`. It needs two cores, and redis-server.

`groundwire serve` answers from the embedded store by keywords with the model that quotes, by one worker and by two in
turn, from as many callers, each with a connection of its own. CPU is that of all processes of the server.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
import psutil
from rich.progress import track

from bench.calls import ProductCalls
from bench.servers import cpu_seconds_of, redis
from groundwire.v1.document_pb2 import Document

WORKERS = 2
_CONNECTIONS = 16
"""Enough that each worker gets some: the system spreads connections by chance."""
_PATIENCE = 120.0
_DOCUMENT = Document(
    document_id="lambda", text="A lambda expression yields a function object.", allowed_principals=["*"]
)
_KILLED = "a worker has ended; it is restarted"
_SERVES = "a worker serves"


@dataclass(frozen=True, slots=True)
class _Serving:
    """A server of one worker or several."""

    process: asyncio.subprocess.Process
    address: str

    @property
    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def cpu_seconds(self) -> float:
        """CPU that all of its processes have used."""
        return sum(cpu_seconds_of(pid) for pid in (self.process.pid, *(worker.pid for worker in self.workers)))

    async def restart(self) -> float:
        """Kill a worker; return the seconds until another serves in its place."""
        began = time.perf_counter()
        self.workers[0].kill()
        await self._logged(_KILLED)
        await self._logged(_SERVES)
        return time.perf_counter() - began

    async def drain(self) -> float:
        """End the server; return the seconds that it takes."""
        began = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(self.process.communicate(), _PATIENCE)
        return time.perf_counter() - began

    async def _logged(self, message: str) -> None:
        assert self.process.stderr is not None
        while line := await asyncio.wait_for(self.process.stderr.readline(), _PATIENCE):
            if json.loads(line)["message"] == message:
                return
        raise RuntimeError("the server under measurement has ended")


async def measure(calls: int, rounds: int) -> dict[str, list[float]]:
    """Return the figures of every round by name: CPU of an answer in milliseconds, and seconds."""
    figures: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder, redis(Path(folder)) as url:  # short
        for _ in track(range(rounds), description="workers"):
            measured: dict[str, float] = {}
            for name, count in (("one_worker_cpu", 1), ("workers_cpu", WORKERS)):
                async with _serving(Path(folder), url, count) as server:
                    measured[name] = await _cpu(server, calls)
                    if count > 1:
                        measured["workers_restart"] = await server.restart()
                        measured["workers_drain"] = await server.drain()
            for name, figure in measured.items():
                figures.setdefault(name, []).append(figure)
    return figures


async def _cpu(server: _Serving, calls: int) -> float:
    """Return the milliseconds of CPU that an answer takes."""
    async with AsyncExitStack() as opened:
        callers = []
        for _ in range(_CONNECTIONS):
            options = (("grpc.use_local_subchannel_pool", 1),)
            channel = await opened.enter_async_context(grpc.aio.insecure_channel(server.address, options=options))
            callers.append(ProductCalls(channel))
        await callers[0].ingest([_DOCUMENT])
        await _answers(callers, calls // 4)
        before = server.cpu_seconds()
        asked = await _answers(callers, calls)
        return (server.cpu_seconds() - before) / asked * 1000


async def _answers(callers: Sequence[ProductCalls], calls: int) -> int:
    each = max(1, calls // len(callers))

    async def ask(caller: ProductCalls) -> None:
        for _ in range(each):
            await caller.answer()

    await asyncio.gather(*(ask(caller) for caller in callers))
    return each * len(callers)


@asynccontextmanager
async def _serving(folder: Path, redis: str, workers: int) -> AsyncIterator[_Serving]:
    configuration = folder / "groundwire.yaml"
    # Every question is to be answered, so that every check has real work.
    lenient = {"default": {"models": ["extractive"], "store": "main", "thresholds": {"min_relevance": 0.0}}}
    configuration.write_text(json.dumps({"redis": {"url": redis}, "routes": lenient}))  # before all
    data = folder / f"data-{workers}"
    command = (sys.executable, "-m", "groundwire_server", "serve", "--no-local-embedder", "--listen", "127.0.0.1:0")
    arguments = ("--config", str(configuration), "--data", str(data), "--workers", str(workers))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, *arguments, stdout=pipe, stderr=pipe)
    # Its workers inherit it: all cores, also where this process keeps to one.
    os.sched_setaffinity(process.pid, range(os.cpu_count() or 1))
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), _PATIENCE)).decode()
        if not line.startswith("listening on "):
            raise RuntimeError("the server did not start")
        yield _Serving(process, line.split()[-1])
    finally:
        if process.returncode is None:
            process.terminate()
            await process.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.workers", description=__doc__)
    parser.add_argument("--calls", type=int, default=2000, help="answers in a round")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    figures = asyncio.run(measure(given.calls, given.rounds))
    for name, each in figures.items():
        print(f"{name:24}{statistics.median(each):.3f}")
    ratios = [more / one for more, one in zip(figures["workers_cpu"], figures["one_worker_cpu"], strict=True)]
    print(f"{'CPU, ratio':24}{statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()

"""Servers under measurement: one process each, on one core of its own."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psutil


class ServerProcess:
    """A child process that serves."""

    def __init__(self, process: psutil.Process, address: str, start_seconds: float) -> None:
        self._process = process
        self.address = address
        self.start_seconds = start_seconds

    def cpu_seconds(self) -> float:
        """CPU used so far, by all of its threads, in user and system mode."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def resident_megabytes(self) -> float:
        return float(self._process.memory_info().rss) / 1e6


@asynccontextmanager
async def server(module: str, arguments: Sequence[str] = (), core: int = 0) -> AsyncIterator[ServerProcess]:
    """Start `python -m MODULE` on one core and wait until it says where it listens."""
    began = time.perf_counter()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdout=asyncio.subprocess.PIPE, env=_environment()
    )
    os.sched_setaffinity(child.pid, {core})
    try:
        assert child.stdout is not None
        line = (await asyncio.wait_for(child.stdout.readline(), timeout=120)).decode()
        if not line.startswith("listening on "):
            raise RuntimeError(f"{module} did not start")
        yield ServerProcess(psutil.Process(child.pid), line.split()[-1], time.perf_counter() - began)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", "OPENBLAS_NUM_THREADS": "1"}

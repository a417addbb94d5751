"""Servers under measurement: one process each, on one core of its own."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psutil

SETTLED = b"settled\n"
_CPU_OF_ALL_THREADS = 2


class ServerProcess:
    """A child process that serves."""

    def __init__(
        self, process: psutil.Process, lines: asyncio.StreamReader, start_seconds: float, address: str, *, settles: bool
    ) -> None:
        self._process = process
        self._lines = lines
        self._settles = settles
        self.address = address
        self.start_seconds = start_seconds

    def cpu_seconds(self) -> float:
        """CPU used so far, by all of its threads, in user and system mode."""
        return cpu_seconds_of(self._process.pid)

    async def settle(self) -> None:
        """Have a server that exports spans export those it still holds, so that their cost falls to who caused them."""
        if not self._settles:
            return
        self._process.send_signal(signal.SIGUSR1)
        line = await asyncio.wait_for(self._lines.readline(), timeout=60)
        if line != SETTLED:
            raise RuntimeError("a server under measurement has ended")

    def resident_megabytes(self) -> float:
        return float(self._process.memory_info().rss) / 1e6


def cpu_seconds_of(pid: int) -> float:
    """CPU that all threads of a process have used, in user and system mode."""
    # How Linux names another process's CPU clock; /proc counts in steps of 10 ms, this in nanoseconds.
    return time.clock_gettime((~pid << 3) | _CPU_OF_ALL_THREADS)


@asynccontextmanager
async def server(
    module: str, arguments: Sequence[str] = (), core: int = 0, *, settles: bool = False
) -> AsyncIterator[ServerProcess]:
    """Start `python -m MODULE` on one core and wait until it says where it listens.

    With `settles` it exports its spans on SIGUSR1 and says so.
    """
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
        took = time.perf_counter() - began
        yield ServerProcess(psutil.Process(child.pid), child.stdout, took, line.split()[-1], settles=settles)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run a Redis with its files in a folder, whose path must be short; yield its URL."""
    command = shutil.which("redis-server")
    if command is None:
        raise RuntimeError("redis-server is not installed: apt-get install redis-server")
    socket = folder / "redis.sock"
    kept = ["--appendonly", "yes", "--dir", str(folder)]  # a server refuses a Redis that keeps nothing
    arguments = [command, "--port", "0", "--unixsocket", str(socket), "--save", "", *kept]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "ready to accept connections" in line.lower():
                break
        try:
            yield f"unix://{socket}"
        finally:
            process.terminate()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", "OPENBLAS_NUM_THREADS": "1"}

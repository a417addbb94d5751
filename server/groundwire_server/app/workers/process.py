"""A worker as its supervisor sees it: a process of its own, started anew and never forked.

The supervisor's pipe to a worker brings its configuration, then words; that it closes says that the supervisor is gone.
The worker's pipe to the supervisor brings one line, once it serves or cannot.
"""

import asyncio
import json
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Collection
from dataclasses import dataclass
from typing import BinaryIO, Final

from groundwire_server.app.configuration.load import Loaded
from groundwire_server.domain.failure import SetupError

MODULE: Final = "groundwire_server.app.workers.worker"
RETIRE: Final = b"retire\n"
"""Tells a worker that another serves in its place."""

SERVING: Final = "serving"
ERROR: Final = "error"
"""The keys of the line: the address, or the error that ended the worker."""


class WorkerFailedError(SetupError):
    """A worker has ended before it served.

    Attributes:
        explained: whether it said why; it would say the same again.
    """

    def __init__(self, message: str, *, explained: bool) -> None:
        super().__init__(message)
        self.explained = explained


@dataclass(frozen=True, slots=True)
class WorkerStart:
    """What a worker serves with.

    Attributes:
        address: HOST:PORT that the workers share.
        gateway: HOST:PORT that their gateways share; None without one.
        loaded: the configuration of the whole server. It holds secrets, and so travels in a pipe.
    """

    address: str
    gateway: str | None
    loaded: Loaded

    def written(self) -> bytes:
        """Return what the worker reads."""
        return pickle.dumps(self)

    @classmethod
    def read(cls, stream: BinaryIO) -> "WorkerStart":
        """Read what the supervisor has written."""
        start = pickle.load(stream)  # noqa: S301  # from the process that started this one, in a pipe of their own
        if not isinstance(start, cls):
            raise TypeError("not the start of a worker")
        return start


class WorkerProcess:
    """A worker's process.

    Args:
        number: of the worker, from 1; its replacement has the same.
        process: just started.

    Attributes:
        number: of the worker.
    """

    def __init__(self, number: int, process: Process) -> None:
        self.number = number
        self._process = process

    @classmethod
    async def start(cls, number: int, start: WorkerStart, inherited: Collection[int] = ()) -> "WorkerProcess":
        """Start a worker.

        Args:
            number: of the worker.
            start: what it serves with.
            inherited: file descriptors that it has too.

        Raises:
            OSError: when the system starts no process.
        """
        # Its own session would hide it from those who end the supervisor's group.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", MODULE, str(number), stdin=PIPE, stdout=PIPE, pass_fds=tuple(inherited)
        )
        if process.stdin is not None:
            process.stdin.write(start.written())
        return cls(number, process)

    @property
    def pid(self) -> int:
        """The process's number in the system."""
        return self._process.pid

    async def serving(self) -> None:
        """Wait until it serves.

        Raises:
            WorkerFailedError: when it has ended before.
        """
        line = b"" if self._process.stdout is None else await self._process.stdout.readline()
        said: dict[str, str] = json.loads(line) if line else {}
        if ERROR in said:
            raise WorkerFailedError(said[ERROR], explained=True)
        if SERVING not in said:
            code = await self._process.wait()
            raise WorkerFailedError(f"worker {self.number} {ending(code)} before it served", explained=False)

    async def ended(self) -> int:
        """Wait for its end; return its exit code, or the number of the signal that ended it, negative."""
        return await self._process.wait()

    def retire(self) -> None:
        """Have it finish its calls, since another serves in its place."""
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(RETIRE)

    def stop(self) -> None:
        """Have it drain."""
        if self._process.returncode is None:
            self._process.terminate()

    def kill(self) -> None:
        """End it at once."""
        if self._process.returncode is None:
            self._process.kill()


def ending(code: int) -> str:
    """Return how a process ended, in words."""
    return f"ended with {code}" if code >= 0 else f"was ended by signal {-code}"

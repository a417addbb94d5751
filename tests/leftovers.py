"""Ends what tests have started once their run is over, however it ended: `kill -9` of pytest leaves no server behind.

Each process inherits a variable of its environment that names the run. A watchdog waits until the pipe to it is closed,
which is the end of the run, and kills every process with that variable.

python leftovers.py VARIABLE=RUN
"""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

VARIABLE = "RUN_OF_TESTS"
"""Names the run, in the environment of each of its processes."""

_PROCESSES = Path("/proc")
_ROUNDS = 100
_ROUND_SECONDS = 0.02


def watch() -> Callable[[], None]:
    """Mark all processes that this one will start, and return what ends those that are left.

    Should this process end before that, the watchdog does it. Without `/proc`, and within a run that has a watchdog,
    nothing is done.
    """
    if VARIABLE in os.environ or not (_PROCESSES / "self/environ").exists():
        return lambda: None
    mark = f"{VARIABLE}={secrets.token_hex(8)}"
    # In a session of its own: what ends this process must not end the watchdog.
    command = [sys.executable, "-I", "-S", __file__, mark]
    watchdog = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, cwd="/")
    os.environ[VARIABLE] = mark.removeprefix(f"{VARIABLE}=")

    def end() -> None:
        del os.environ[VARIABLE]
        watchdog.communicate()

    return end


def _kill_marked(mark: str) -> None:
    """Kill all processes whose environment holds the mark, and those that they start meanwhile."""
    for _ in range(_ROUNDS):
        if not (found := list(_marked(mark.encode()))):
            return
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(_ROUND_SECONDS)


def _marked(mark: bytes) -> Iterator[int]:
    for folder in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is of another user
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)


if __name__ == "__main__":
    sys.stdin.read()
    _kill_marked(sys.argv[1])

"""The demo's server, in a child process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.signals import ended_by_signals

STORE = "demo-store"
"""The folder of the store within the demo's folder; it holds nothing else."""

LOG = "server.log"

_FRESH_ANSWERS = {"GROUNDWIRE_ROUTES__DEFAULT__CACHE__SERVE_FRESH": "true"}
"""The same question again is answered from the cache."""

_READY = "listening on "
_STOP_SECONDS = 15
_LAST_LINES = 3


@contextmanager
def server(data: Path) -> Iterator[str]:
    """Start a server on the documents in a folder and yield its address; stop it at the end.

    Raises:
        CommandError: when the server does not start.
    """
    log = data / LOG
    command = [
        sys.executable,
        "-m",
        "groundwire_server",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        str(data / STORE),
    ]
    with log.open("wb") as errors, ended_by_signals():
        # In its own process group: Ctrl-C reaches the demo alone, which then cancels its calls and stops the server.
        process = subprocess.Popen(  # noqa: S603  # this Python and our own words
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            process_group=0,
            env=os.environ | _FRESH_ANSWERS,
        )
        try:
            line = process.stdout.readline() if process.stdout is not None else ""
            if not line.startswith(_READY):
                process.wait()
                raise CommandError(ExitCode.FAILED, f"the demo's server did not start: {_last_lines(log)} (see {log})")
            yield line.removeprefix(_READY).strip()
        finally:
            _stop(process)


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _last_lines(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return " ".join(lines[-_LAST_LINES:]) or "it printed nothing"

"""A server of the demo's own, in a process of its own."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from groundwire_server.cli.exits import CommandError, ExitCode

STORE = "demo-store"
"""The folder of the store within the demo's; nothing else is kept in it."""

LOG = "server.log"

_READY = "listening on "
_STOP_SECONDS = 15
_LAST_LINES = 3


@contextmanager
def server(data: Path) -> Iterator[str]:
    """Starts a server with its documents in a folder and gives its address; leaving stops it.

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
    with log.open("wb") as errors, _ended_by_signals():
        # A group of its own: Ctrl-C reaches the demo alone, which then cancels its calls and stops the server.
        process = subprocess.Popen(  # noqa: S603  # this Python and our own words
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True, process_group=0
        )
        try:
            line = process.stdout.readline() if process.stdout is not None else ""
            if not line.startswith(_READY):
                process.wait()
                raise CommandError(
                    ExitCode.FAILED, f"the demo's server did not start: {_last_words(log)} (all of it in {log})"
                )
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


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Lets a closed terminal or a SIGTERM end the demo in order, so that the server does not outlive it."""

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return " ".join(lines[-_LAST_LINES:]) or "it said nothing"

"""A worker: `python -m groundwire_server.app.workers.worker NUMBER`, started by `groundwire serve` alone."""

import asyncio
import json
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Final, TextIO

from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.configuration.load import Sources
from groundwire_server.app.logs import Logs, logging_to
from groundwire_server.app.serve import Stop, loop_factory, serve_until
from groundwire_server.app.workers.process import ERROR, RETIRE, SERVING, WorkerStart
from groundwire_server.app.workers.worker_configuration import of_worker
from groundwire_server.domain.failure import Failure, SetupError
from groundwire_server.edge.options import DrainOptions
from groundwire_server.telemetry.line_sums import LineSums

_ORPHAN_SECONDS: Final = 5.0
"""How long a worker whose supervisor is gone has to end."""

_AT_ONCE: Final = DrainOptions(notice_seconds=0, grace_seconds=0)

_log = logging.getLogger(__name__)


def main(number: int) -> int:
    """Serve until the supervisor says otherwise; return the exit code."""
    said = _standard_output()
    for ignored in (signal.SIGINT, signal.SIGHUP):
        # A terminal sends them to every process; the supervisor decides.
        signal.signal(ignored, signal.SIG_IGN)
    sys.excepthook = _log_defect
    start = WorkerStart.read(sys.stdin.buffer)
    level = start.loaded.configuration.telemetry.log_level
    try:
        with (
            logging_to(sys.stderr, level, LineSums(time.monotonic), number) as logs,
            asyncio.Runner(loop_factory=loop_factory()) as runner,
        ):
            runner.run(_serve(number, start, logs, said))
    except (InvalidConfigurationError, Failure, SetupError, ImportError, OSError) as failed:
        _say(said, ERROR, str(failed))
        return 1
    return 0


async def _serve(number: int, start: WorkerStart, logs: Logs, said: TextIO) -> None:
    loop, stop = asyncio.get_running_loop(), Stop()
    loop.add_signal_handler(signal.SIGTERM, stop.ask)
    threading.Thread(target=_hear, args=(loop, stop, start), name="supervisor", daemon=True).start()
    own = of_worker(start.loaded.configuration, number, start.address, start.gateway)
    loaded = replace(start.loaded, configuration=own)
    await serve_until(stop, Sources(), loaded, logs, partial(_say, said, SERVING))


def _hear(loop: asyncio.AbstractEventLoop, stop: Stop, start: WorkerStart) -> None:
    """Do what the supervisor says, in a thread: a loop that is stuck must not outlive the supervisor."""
    grace = start.loaded.configuration.server.drain.grace_seconds
    # Not the buffered stream, whose lock the end of the process would find taken.
    while word := os.read(sys.stdin.fileno(), len(RETIRE)):
        if word == RETIRE:
            # Others serve already: nobody needs to be told where not to go.
            loop.call_soon_threadsafe(stop.ask, DrainOptions(notice_seconds=0, grace_seconds=grace))
    loop.call_soon_threadsafe(stop.ask, _AT_ONCE)
    time.sleep(_ORPHAN_SECONDS)
    os._exit(1)


def _log_defect(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log what ends the process as a line of the log, which has no message of an exception."""
    _log.critical("a worker has failed", exc_info=(kind, error, trace))


def _standard_output() -> TextIO:
    """Return the pipe to the supervisor; what else is printed goes to standard error."""
    said = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return said


def _say(said: TextIO, what: str, text: str) -> None:
    said.write(f"{json.dumps({what: text})}\n")
    said.flush()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))

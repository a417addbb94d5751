"""What a server does twice a second."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Final, NoReturn

from groundwire_server.app.logs import Logs
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics

_SECONDS: Final = 0.5


async def heartbeat(recorder: Metrics, logs: Logs, beat: Callable[[float], None] = lambda lag: None) -> NoReturn:
    """Measure how late the event loop is, and report what the log left out.

    Args:
        recorder: takes both.
        logs: of the process.
        beat: takes how late the loop was, in seconds.
    """
    while True:
        # Not the loop's time: it stands still while one callback runs.
        due = monotonic() + _SECONDS
        await asyncio.sleep(_SECONDS)
        lag = max(0.0, monotonic() - due)
        recorder.record(metrics.LOOP_LAG, lag)
        beat(lag)
        logs.report(recorder)

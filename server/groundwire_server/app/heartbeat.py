"""What a server does twice a second."""

import asyncio
from time import monotonic
from typing import Final, NoReturn

from groundwire_server.app.logs import Logs
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics

_SECONDS: Final = 0.5


async def heartbeat(recorder: Metrics, logs: Logs) -> NoReturn:
    """Measure how late the event loop is, and report what the log left out.

    Args:
        recorder: takes both.
        logs: of the process.
    """
    while True:
        # Not the loop's time: it stands still while one callback runs.
        due = monotonic() + _SECONDS
        await asyncio.sleep(_SECONDS)
        recorder.record(metrics.LOOP_LAG, max(0.0, monotonic() - due))
        logs.report(recorder)

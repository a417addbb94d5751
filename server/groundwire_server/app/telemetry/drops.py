"""Counts of telemetry that never reached its receiver."""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Final, Protocol

from groundwire_server.app.telemetry.receivers import Signal
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics

QUEUE_FULL: Final = "QUEUE_FULL"
"""The reason for dropping what finds the queue full."""
INVALID: Final = "INVALID"
"""The reason for a batch that cannot be encoded."""
REJECTED: Final = "REJECTED"
"""The reason for what a receiver did not keep of a request that it took."""
SHUTDOWN: Final = "SHUTDOWN"
"""The reason for what was left when the server stopped."""


class DropCounter(Protocol):
    """Counts telemetry that never reached its receiver."""

    def dropped(self, signal: Signal, reason: str, items: int) -> None:
        """Count spans, data points or log records. Called from several threads.

        Args:
            signal: what was dropped.
            reason: a status of gRPC, `HTTP` with a status, or QUEUE_FULL, INVALID, REJECTED or SHUTDOWN.
            items: how many.
        """


class DropTotals:
    """A DropCounter that keeps the totals, and adds to a metric.

    Args:
        recorder: takes the metric.
    """

    def __init__(self, recorder: Metrics) -> None:
        self._metrics = recorder
        self._totals: Counter[tuple[Signal, str]] = Counter()
        self._lock = threading.Lock()

    def dropped(self, signal: Signal, reason: str, items: int) -> None:
        """Count spans, data points or log records."""
        with self._lock:
            self._totals[signal, reason] += items
        self._metrics.add(metrics.TELEMETRY_DROPPED, items, signal.value, reason)

    @property
    def totals(self) -> Mapping[tuple[Signal, str], int]:
        """What was dropped so far, by signal and reason."""
        with self._lock:
            return dict(self._totals)

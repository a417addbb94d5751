"""Delivery of telemetry: what is tried again, what is dropped, and the lines and counts that report it."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from groundwire_server.app.telemetry.senders import Sender, SendError, Signal
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics

PAUSE: Final = 1.0
"""Seconds between two attempts, unless the receiver asks for more."""
RETRY_SECONDS: Final = 30.0
"""For how long a request is tried again; what waits behind it is kept until the queue is full."""
LINE_SECONDS: Final = 60.0
"""Seconds between two lines about a receiver that takes nothing."""

QUEUE_FULL: Final = "QUEUE_FULL"
"""The reason for dropping what finds the queue full."""
REJECTED: Final = "REJECTED"
"""The reason for what a receiver did not keep of a request that it took."""
SHUTDOWN: Final = "SHUTDOWN"
"""The reason for what was left when the server stopped."""

_log = logging.getLogger(__name__)


class DropCounter(Protocol):
    """Counts telemetry that never reached its receiver."""

    def dropped(self, signal: Signal, reason: str, items: int) -> None:
        """Count spans, data points or log records. Called from several threads.

        Args:
            signal: what was dropped.
            reason: a status of gRPC, `HTTP` with a status, or QUEUE_FULL, REJECTED or SHUTDOWN.
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


class DeliveryLog:
    """The lines about one receiver: one when it begins to fail, then one a minute with the sum, one when it is over.

    Args:
        signal: what is delivered.
        receiver: its host and port.
        counter: counts what is dropped.
        clock: returns seconds; never goes back.
    """

    def __init__(
        self, signal: Signal, receiver: str, counter: DropCounter, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._signal = signal
        self._receiver = receiver
        self._counter = counter
        self._clock = clock
        self._lock = threading.Lock()
        self._why = ""
        self._dropped = 0
        self._failing_since: float | None = None
        self._next_line = clock()
        self._announced = False

    def failed(self, error: SendError) -> None:
        """Take note of a failed attempt."""
        with self._lock:
            self._why = str(error)
            if self._failing_since is None:
                self._failing_since = self._clock()
            self._line_if_due()

    def dropped(self, reason: str, items: int, why: str = "") -> None:
        """Count what is dropped."""
        self._counter.dropped(self._signal, reason, items)
        with self._lock:
            self._dropped += items
            self._why = why or self._why or reason
            self._line_if_due()

    def delivered(self) -> None:
        """Take note of a request that was taken."""
        with self._lock:
            since, self._failing_since = self._failing_since, None
            if self._dropped:
                self._line_if_due()
            if since is not None and self._announced:
                self._announced = False
                seconds = round(self._clock() - since, 1)
                _log.info("telemetry is delivered again", extra={**self._about(), "after_seconds": seconds})
            if not self._dropped:
                self._why = ""

    def close(self) -> None:
        """Write what was not yet written of what was dropped."""
        with self._lock:
            if self._dropped:
                self._line()

    def _line_if_due(self) -> None:
        if self._clock() >= self._next_line:
            self._line()

    def _line(self) -> None:
        self._next_line = self._clock() + LINE_SECONDS
        self._announced = self._failing_since is not None
        about = {**self._about(), "why": self._why, "dropped": self._dropped}
        self._dropped = 0
        _log.warning("telemetry is not delivered", extra=about)

    def _about(self) -> dict[str, object]:
        return {"signal": self._signal.value, "receiver": self._receiver}


class Backlog:
    """The count of spans or records that wait to be exported, and its limit.

    The SDK's queues have limits too, but do not report what they drop.
    """

    def __init__(self, limit: int, log: DeliveryLog) -> None:
        self._limit = limit
        self._log = log
        self._waiting = 0
        self._lock = threading.Lock()

    def enter(self) -> bool:
        """Count one in; return False when there is no room, so that it must be dropped."""
        with self._lock:
            entered = self._waiting < self._limit
            self._waiting += entered
        if not entered:
            self._log.dropped(QUEUE_FULL, 1)
        return entered

    def leave(self, items: int) -> None:
        """Count out what is being exported."""
        with self._lock:
            self._waiting -= items

    def close(self) -> None:
        """Count what is left as dropped."""
        with self._lock:
            left, self._waiting = self._waiting, 0
        if left:
            self._log.dropped(SHUTDOWN, left)
        self._log.close()


class Delivery:
    """Delivers the requests of one signal, one after the other, in the thread of its exporter.

    Args:
        sender: sends them.
        log: reports what fails.
        rejected: returns how many items of a request its response rejects, and why.
        clock: returns seconds; never goes back.
        pause: waits for some seconds; returns True at once when delivery ends. By default it really waits.
    """

    def __init__(
        self,
        sender: Sender,
        log: DeliveryLog,
        rejected: Callable[[bytes], tuple[int, str]],
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], bool] | None = None,
    ) -> None:
        self._sender = sender
        self._log = log
        self._rejected = rejected
        self._clock = clock
        self._ending = threading.Event()
        self._pause = pause or self._ending.wait

    def deliver(self, request: bytes, items: int) -> bool:
        """Send a request until it is taken; return False when it had to be dropped. Blocks.

        Args:
            request: encoded.
            items: how many spans, data points or records it holds.
        """
        until = self._clock() + RETRY_SECONDS
        while True:
            try:
                response = self._sender.send(request)
            except SendError as error:
                self._log.failed(error)
                pause = max(error.retry_after or 0.0, PAUSE)
                if not error.retryable or self._clock() + pause > until or self._pause(pause):
                    self._log.dropped(error.code, items, str(error))
                    return False
            else:
                rejected, why = self._rejected(response)
                if rejected:
                    self._log.dropped(REJECTED, rejected, f"{REJECTED}: {why}" if why else REJECTED)
                self._log.delivered()
                return True

    def end_retries(self) -> None:
        """Let each request that is left have one attempt."""
        self._ending.set()

    def close(self) -> None:
        """End the connection."""
        self.end_retries()
        self._sender.close()

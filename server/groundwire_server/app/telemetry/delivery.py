"""Delivery of telemetry: what is tried again, what is dropped, and the lines that report it."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from groundwire_server.app.telemetry.drops import QUEUE_FULL, REJECTED, SHUTDOWN, DropCounter
from groundwire_server.app.telemetry.receivers import Signal
from groundwire_server.app.telemetry.senders import Sender, SendError, one_line

PAUSE: Final = 1.0
"""Seconds between two attempts, unless the receiver asks for more."""
RETRY_SECONDS: Final = 30.0
"""For how long a request is tried again; what waits behind it is kept until the queue is full."""
LINE_SECONDS: Final = 60.0
"""Seconds between two lines about a receiver that takes nothing."""

_log = logging.getLogger(__name__)


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
        self._about: dict[str, object] = {"signal": signal.value, "receiver": receiver}
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
            line = self._line_if_due()
        self._write(line)

    def dropped(self, reason: str, items: int, why: str = "") -> None:
        """Count what is dropped."""
        self._counter.dropped(self._signal, reason, items)
        with self._lock:
            self._dropped += items
            self._why = why or self._why or reason
            line = self._line_if_due()
        self._write(line)

    def delivered(self) -> None:
        """Take note of a request that was taken."""
        seconds: float | None = None
        with self._lock:
            since, self._failing_since = self._failing_since, None
            line = self._line_if_due() if self._dropped else None
            if since is not None and self._announced:
                self._announced = False
                seconds = round(self._clock() - since, 1)
            if not self._dropped:
                self._why = ""
        self._write(line)
        if seconds is not None:
            _log.info("telemetry is delivered again", extra={**self._about, "after_seconds": seconds})

    def close(self) -> None:
        """Write what was not yet written of what was dropped."""
        with self._lock:
            line = self._line() if self._dropped else None
        self._write(line)

    def _line_if_due(self) -> dict[str, object] | None:
        return self._line() if self._clock() >= self._next_line else None

    def _line(self) -> dict[str, object]:
        self._next_line = self._clock() + LINE_SECONDS
        self._announced = self._failing_since is not None
        line = {**self._about, "why": self._why, "dropped": self._dropped}
        self._dropped = 0
        return line

    def _write(self, line: dict[str, object] | None) -> None:
        # Without the lock: a line is exported too, and may find the queue of log records full.
        if line is not None:
            _log.warning("telemetry is not delivered", extra=line)


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
                    self._log.dropped(REJECTED, rejected, f"{REJECTED}: {one_line(why)}" if why else REJECTED)
                self._log.delivered()
                return True

    def drop(self, reason: str, items: int, why: str) -> None:
        """Count what cannot be sent."""
        self._log.dropped(reason, items, why)

    def end_retries(self) -> None:
        """Let each request that is left have one attempt."""
        self._ending.set()

    def close(self) -> None:
        """End the connection."""
        self.end_retries()
        self._sender.close()

"""Delivery: tried again, dropped, counted, and reported in few lines."""

import logging
from collections.abc import Sequence

import pytest

from groundwire_server.app.telemetry.delivery import (
    LINE_SECONDS,
    PAUSE,
    RETRY_SECONDS,
    Backlog,
    Delivery,
    DeliveryLog,
)
from groundwire_server.app.telemetry.drops import QUEUE_FULL, REJECTED, SHUTDOWN, DropTotals
from groundwire_server.app.telemetry.receivers import Signal
from groundwire_server.app.telemetry.senders import SendError
from tests.doubles.counts import Counts

AWAY = SendError("UNAVAILABLE", "nobody listens", retryable=True)
BUSY = SendError("RESOURCE_EXHAUSTED", retryable=True, retry_after=5.0)
DENIED = SendError("PERMISSION_DENIED", retryable=False)


class Scripted:
    """A sender that fails a number of times, and then takes everything."""

    def __init__(self, *failures: SendError) -> None:
        self.failures = list(failures)
        self.sent = 0
        self.closed = False

    def send(self, request: bytes) -> bytes:
        self.sent += 1
        if self.failures:
            raise self.failures.pop(0)
        return b""

    def close(self) -> None:
        self.closed = True


class Under:
    """A delivery with a clock of its own.

    Attributes:
        pauses: seconds that were waited, in order.
    """

    def __init__(self, sender: Scripted, rejected: tuple[int, str] = (0, "")) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []
        self.drops = DropTotals(Counts())
        self.log = DeliveryLog(Signal.TRACES, "collector:4317", self.drops, lambda: self.now)
        self.delivery = Delivery(sender, self.log, lambda _: rejected, lambda: self.now, self._pause)

    def _pause(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.now += seconds
        return False

    def dropped(self) -> dict[str, int]:
        return {reason: items for (_, reason), items in self.drops.totals.items()}


def lines(caplog: pytest.LogCaptureFixture) -> Sequence[tuple[str, object, object]]:
    return [(each.message, each.__dict__.get("why"), each.__dict__.get("dropped")) for each in caplog.records]


def test_what_is_taken_is_delivered_without_a_line(caplog: pytest.LogCaptureFixture) -> None:
    under = Under(Scripted())
    assert under.delivery.deliver(b"", 3)
    assert (under.dropped(), caplog.records) == ({}, [])


def test_a_receiver_that_is_away_for_a_moment_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    under = Under(Scripted(AWAY, AWAY, BUSY))
    assert under.delivery.deliver(b"", 3)
    assert under.pauses == [PAUSE, PAUSE, 5.0]
    assert under.dropped() == {}
    assert [message for message, _, _ in lines(caplog)] == [
        "telemetry is not delivered",
        "telemetry is delivered again",
    ]
    assert caplog.records[1].__dict__["after_seconds"] == 7.0


def test_a_batch_is_dropped_after_a_while(caplog: pytest.LogCaptureFixture) -> None:
    under = Under(Scripted(*[AWAY] * 1000))
    assert not under.delivery.deliver(b"", 3)
    assert sum(under.pauses) == RETRY_SECONDS
    assert under.dropped() == {"UNAVAILABLE": 3}
    assert lines(caplog) == [("telemetry is not delivered", "UNAVAILABLE: nobody listens", 0)]


def test_what_can_never_be_taken_is_dropped_at_once(caplog: pytest.LogCaptureFixture) -> None:
    sender = Scripted(DENIED)
    under = Under(sender)
    assert not under.delivery.deliver(b"", 3)
    assert (sender.sent, under.pauses, under.dropped()) == (1, [], {"PERMISSION_DENIED": 3})


def test_a_long_outage_has_a_line_a_minute_with_the_sum(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    under = Under(Scripted(*[DENIED] * 200))
    for _ in range(200):
        under.delivery.deliver(b"", 10)
        under.now += 1
    summed = [dropped for _, _, dropped in lines(caplog)]
    assert len(summed) == 1 + 200 // LINE_SECONDS
    assert summed[1:] == [10 * LINE_SECONDS] * 3
    under.delivery.deliver(b"", 10)
    under.log.close()
    assert sum(each for _, _, each in lines(caplog) if isinstance(each, int)) == 2000
    assert under.dropped() == {"PERMISSION_DENIED": 2000}


def test_what_a_receiver_rejects_of_a_request_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    under = Under(Scripted(), (2, "too\nold " + "x" * 1000))
    assert under.delivery.deliver(b"", 3)
    assert under.dropped() == {REJECTED: 2}
    assert lines(caplog) == [("telemetry is not delivered", "REJECTED: too old " + "x" * 292, 2)]


def test_at_the_end_each_request_has_one_attempt() -> None:
    sender = Scripted(*[AWAY] * 1000)
    drops = DropTotals(Counts())
    delivery = Delivery(sender, DeliveryLog(Signal.LOGS, "collector:4317", drops), lambda _: (0, ""))
    delivery.end_retries()
    assert not delivery.deliver(b"", 3)
    assert not delivery.deliver(b"", 4)
    delivery.close()
    assert (sender.sent, sender.closed) == (2, True)
    assert drops.totals == {(Signal.LOGS, "UNAVAILABLE"): 7}


def test_a_backlog_drops_and_counts_what_it_has_no_room_for(caplog: pytest.LogCaptureFixture) -> None:
    under = Under(Scripted())
    backlog = Backlog(2, under.log)
    assert [backlog.enter() for _ in range(1002)] == [True, True, *[False] * 1000]
    backlog.leave(1)
    assert (backlog.enter(), backlog.enter()) == (True, False)
    backlog.close()
    assert under.dropped() == {QUEUE_FULL: 1001, SHUTDOWN: 2}
    assert [dropped for _, _, dropped in lines(caplog)] == [1, 1002]


def test_a_line_that_finds_the_queue_of_log_records_full_is_dropped_and_counted() -> None:
    under = Under(Scripted())
    backlog = Backlog(0, under.log)

    class Exporting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            backlog.enter()

    handler, logger = Exporting(), logging.getLogger("groundwire_server.app.telemetry.delivery")
    logger.addHandler(handler)
    try:
        backlog.enter()
    finally:
        logger.removeHandler(handler)
    assert under.dropped() == {QUEUE_FULL: 2}

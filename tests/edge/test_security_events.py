"""Callers that were turned away are told of, a few at a time."""

from collections.abc import Mapping
from typing import Any

import pytest

from groundwire_server.domain.access_denied import DenialReason
from groundwire_server.edge.security_events import LOGGED, OTHERS, SOURCES, WINDOW, SecurityEventLog
from tests.doubles.clock import SetClock

ABOUT = {"method": "groundwire.v1.AnswerService/Answer", "request_id": "r" * 8, "trace_id": "t" * 32, "key_id": "k"}


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def refusals(clock: SetClock) -> SecurityEventLog:
    return SecurityEventLog(clock)


def told(caplog: pytest.LogCaptureFixture) -> list[Mapping[str, Any]]:
    assert {record.name for record in caplog.records} <= {"groundwire.security"}
    return [vars(record) for record in caplog.records]


def test_a_refusal_is_told_of_with_all_that_may_be_known(
    refusals: SecurityEventLog, caplog: pytest.LogCaptureFixture
) -> None:
    refusals.record("10.0.0.7", DenialReason.API_KEY_EXPIRED, ABOUT)
    (event,) = told(caplog)
    expected = {"event": "call_denied", "peer": "10.0.0.7", "reason": "api_key_expired", "levelname": "WARNING"}
    assert {name: event[name] for name in (*expected, *ABOUT)} == expected | ABOUT


def test_a_flood_is_counted_and_its_count_told_when_its_window_ends(
    refusals: SecurityEventLog, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(1000):
        refusals.record("10.0.0.7", DenialReason.TOKEN_EXPIRED, ABOUT)
    assert [event["event"] for event in told(caplog)] == ["call_denied"] * LOGGED
    caplog.clear()
    clock.move(WINDOW)
    refusals.record("10.0.0.8", DenialReason.TOKEN_EXPIRED, ABOUT)
    count, event = told(caplog)
    assert (count["event"], count["peer"], count["suppressed"]) == ("calls_denied", "10.0.0.7", 1000 - LOGGED)
    assert event["peer"] == "10.0.0.8"


def test_peers_and_reasons_are_counted_apart(refusals: SecurityEventLog, caplog: pytest.LogCaptureFixture) -> None:
    pairs = [
        (peer, word)
        for peer in ("10.0.0.7", "10.0.0.8")
        for word in (DenialReason.TOKEN_EXPIRED, DenialReason.ROLE_MISSING)
    ]
    for peer, word in pairs * (LOGGED + 1):
        refusals.record(peer, word, ABOUT)
    assert [(event["peer"], event["reason"]) for event in told(caplog)] == pairs * LOGGED


def test_a_flood_that_has_stopped_is_told_of(
    refusals: SecurityEventLog, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(1000):
        refusals.record("10.0.0.7", DenialReason.TOKEN_EXPIRED, ABOUT)
    caplog.clear()
    refusals.end_windows()
    assert not caplog.records
    clock.move(WINDOW)
    refusals.end_windows()
    assert [(event["suppressed"], event["of"]) for event in told(caplog)] == [(1000 - LOGGED, "k")]


def test_nobody_hides_in_the_noise_of_others_behind_the_same_proxy(
    refusals: SecurityEventLog, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(100):
        refusals.record("10.0.0.7", DenialReason.API_KEY_UNKNOWN, {})
        refusals.record("10.0.0.7", DenialReason.ROLE_MISSING, {"tenant": "acme", "needs": f"role-{number}"})
    caplog.clear()
    refusals.record("10.0.0.7", DenialReason.API_KEY_UNKNOWN, {"key_id": "guessed"})
    refusals.record("10.0.0.7", DenialReason.ROLE_MISSING, {"tenant": "globex"})
    assert len(told(caplog)) == 2


def test_a_network_does_not_hide_others_by_its_many_addresses(
    refusals: SecurityEventLog, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(SOURCES * 2):
        refusals.record(f"2001:db8::{number:x}", DenialReason.NO_CREDENTIAL, {})
    assert [event["peer"] for event in told(caplog)] == [f"2001:db8::{number:x}" for number in range(LOGGED)]
    caplog.clear()
    for peer in ("2001:db8:0:1::1", "::ffff:10.0.0.7", "fe80::1%eth0", "10.0.0.7"):
        refusals.record(peer, DenialReason.NO_CREDENTIAL, {})
    assert len(told(caplog)) == 4


def test_after_its_window_a_peer_is_told_of_again(
    refusals: SecurityEventLog, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        refusals.record("10.0.0.7", DenialReason.TOKEN_EXPIRED, ABOUT)
        clock.move(WINDOW)
    assert [event["event"] for event in told(caplog)] == ["call_denied"] * 3


def test_what_was_suppressed_is_told_at_the_end(refusals: SecurityEventLog, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(LOGGED + 2):
        refusals.record("10.0.0.7", DenialReason.TOKEN_EXPIRED, ABOUT)
    caplog.clear()
    refusals.flush()
    refusals.flush()
    assert [event["suppressed"] for event in told(caplog)] == [2]


def test_a_flood_from_everywhere_keeps_log_and_memory_within_bounds(
    refusals: SecurityEventLog, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(SOURCES * 3):
        refusals.record(f"peer-{number}", DenialReason.NO_CREDENTIAL, ABOUT)
    assert len(told(caplog)) == SOURCES + LOGGED
    assert len(refusals._counts) == SOURCES + 1
    caplog.clear()
    clock.move(WINDOW)
    refusals.record("one-more", DenialReason.NO_CREDENTIAL, ABOUT)
    count, _ = told(caplog)
    assert (count["peer"], count["suppressed"]) == (OTHERS, SOURCES * 2 - LOGGED)
    assert len(refusals._counts) == 1


def test_the_repr_shows_how_much_is_suppressed(refusals: SecurityEventLog) -> None:
    for _ in range(LOGGED + 3):
        refusals.record("10.0.0.7", DenialReason.API_KEY_EXPIRED, ABOUT)
    assert repr(refusals) == "<SecurityEventLog: 1 sources in this window, 3 events suppressed>"

"""The security log of what guards have blocked."""

import logging

import pytest

from groundwire_server.domain.guards.finding import Flag, GuardIdentity
from groundwire_server.domain.vocabulary import GuardAction, Screen
from groundwire_server.edge.blocked_content import LINES, BlockedContentLog
from groundwire_server.telemetry.decision import DecisionEvent
from groundwire_server.telemetry.line_sums import LineSums
from tests.doubles.clock import SetClock

GUARD = GuardIdentity("injection", "1.0.0")


def event(*actions: GuardAction, tenant: str = "acme") -> DecisionEvent:
    flags = {Flag(Screen.QUESTION, GUARD, f"kind_{place}", action): 1 for place, action in enumerate(actions)}
    return DecisionEvent(
        method="groundwire.v1.AnswerService/Answer",
        status="OK",
        request_id="request-1",
        trace_id="ab" * 16,
        tenant=tenant,
        subject="51fdb17cb90a9f67",
        route="default",
        outcome="Blocked",
        flags=flags,
        duration=0.1,
    )


def test_each_kind_that_was_blocked_leaves_a_line_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "groundwire.security")
    BlockedContentLog(LineSums(SetClock().now)).write(event(GuardAction.BLOCK, GuardAction.FLAG, GuardAction.BLOCK))
    first, second = (vars(record) for record in caplog.records)
    expected = {
        "event": "content_blocked",
        "screen": "QUESTION",
        "guard": "injection",
        "guard_version": "1.0.0",
        "category": "kind_0",
        "tenant": "acme",
        "subject": "51fdb17cb90a9f67",
        "route": "default",
        "outcome": "Blocked",
        "request_id": "request-1",
        "trace_id": "ab" * 16,
    }
    assert expected.items() <= first.items()
    assert second["category"] == "kind_2"


def test_a_flood_of_one_kind_is_counted_and_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "groundwire.security")
    log = BlockedContentLog(LineSums(SetClock().now))
    for _ in range(LINES + 5):
        log.write(event(GuardAction.BLOCK))
    log.write(event(GuardAction.BLOCK, tenant="globex"))
    assert [vars(record)["tenant"] for record in caplog.records] == ["acme"] * LINES + ["globex"]

"""The record of workers' attempts at queued answers: their decision events, and the answers that they have given."""

from dataclasses import dataclass

import grpc

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.grounding import GroundingSummary
from groundwire_server.domain.vocabulary import Reason, StreamMode
from groundwire_server.edge.blocked_content import BlockedContentLog
from groundwire_server.edge.decision_log import DecisionLog
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics
from groundwire_server.telemetry.trail import Trail
from groundwire_server.work.execution import SPAN, QueuedAttempt


@dataclass(slots=True)
class _Attempted:
    """An attempt, as a decision event is made of it."""

    arrived: float
    deadline: Deadline | None
    request_id: str
    trace_id: str
    caller: Caller
    reason: Reason | None
    trail: Trail
    method: str = SPAN
    status: grpc.StatusCode = grpc.StatusCode.OK
    mode: StreamMode | None = None
    grounding: GroundingSummary | None = None


class AttemptDecisions:
    """Records what became of attempts.

    Args:
        log: takes a decision event for each.
        blocked: takes what guards have blocked in them.
        clock: the event loop's.
        recorder: counts the answers that were given.
    """

    def __init__(self, log: DecisionLog, blocked: BlockedContentLog, clock: Clock, recorder: Metrics) -> None:
        self._log = log
        self._blocked = blocked
        self._clock = clock
        self._metrics = recorder

    def record(self, attempt: QueuedAttempt, result: str) -> None:
        """Record an attempt that has ended; see `AttemptLog`."""
        claim = attempt.claim
        about = _Attempted(
            attempt.began,
            attempt.deadline,
            claim.work.question.request_id,
            attempt.trace_id,
            attempt.caller,
            attempt.reason,
            attempt.trail,
        )
        now = self._clock.now()
        event = self._log.attempt_event(about, attempt.outcome, now, claim.key.name, claim.attempt, result)
        if result == "COMPLETED" and event.outcome and event.cause and event.action:
            self._metrics.add(metrics.ANSWERS, 1, event.route or "", event.outcome, event.cause, event.action)
        self._log.write(event)
        self._blocked.write(event)

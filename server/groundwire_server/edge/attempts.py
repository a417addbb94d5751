"""The record of workers' attempts at queued answers: their decision events, and the answers that they have given."""

from dataclasses import dataclass
from typing import Final

import grpc

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.grounding import GroundingSummary
from groundwire_server.domain.operation import QueuedQuestion
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Reason, StreamMode
from groundwire_server.edge.blocked_content import BlockedContentLog
from groundwire_server.edge.decision_log import DecisionLog
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.experiments import ExperimentRecorder
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics
from groundwire_server.telemetry.trail import Trail
from groundwire_server.work.disposition import RESULTS, AwaitReview, Complete
from groundwire_server.work.execution import SPAN, QueuedAttempt

_KEPT: Final = frozenset({RESULTS[Complete], RESULTS[AwaitReview]})
"""What becomes of attempts whose outcome stands."""


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
        experiments: takes what came of calls in experiments.
    """

    def __init__(
        self,
        log: DecisionLog,
        blocked: BlockedContentLog,
        clock: Clock,
        recorder: Metrics,
        experiments: ExperimentRecorder,
    ) -> None:
        self._log = log
        self._blocked = blocked
        self._clock = clock
        self._metrics = recorder
        self._experiments = experiments

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
        if attempt.outcome is not None and result in _KEPT:
            self._count(claim.work, attempt.outcome)
        self._log.write(event)
        self._blocked.write(event)

    def _count(self, work: QueuedQuestion, outcome: Outcome) -> None:
        """Count an outcome that is kept to the arms of its question."""
        question, caller = work.question, work.caller
        requester = Requester(caller.tenant, caller.subject, question.end_user_id, question.route, question.priority)
        if work.cause is None:
            # It was submitted for later: no call has been counted.
            self._experiments.outcome(work.assignments, requester, outcome)
        else:
            self._experiments.answered_later(work.assignments, requester, outcome)

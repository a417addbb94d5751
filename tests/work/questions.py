"""Questions that wait, and outcomes of attempts at them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.generation import ModelUsage, Usage
from groundwire_server.domain.operation import QueuedQuestion
from groundwire_server.domain.outcome import Answered, Degraded, FailedSafe, InReview, Outcome, Report, Result
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import (
    Action,
    Cause,
    Confidence,
    Loss,
    NextStep,
    Priority,
    Purpose,
    StreamMode,
)

ALICE = Caller("acme", "alice", frozenset({"staff"}), frozenset({Role.READER}))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""What `LoopTime` says it is."""

QUESTION = Question(
    "default", "Who signs?", "request-1", allow_queue=True, mode=StreamMode.PROVISIONAL, priority=Priority.INTERACTIVE
)
USAGE = (
    ModelUsage("small", Purpose.ANSWER, Usage(10, 5, cost_micros=7)),
    ModelUsage("judge", Purpose.CHECK, Usage(3, 1, cost_micros=2)),
)
ANSWER = GroundedText("Anna signs.", Confidence.HIGH, (), (), 1.0)
PASSAGES = (Passage("c1", "Anna signs.", "handbook"), Passage("c2", "Not Bob.", "handbook"), Passage("c3", "Mine."))


def queued(**changes: Any) -> QueuedQuestion:
    """Alice's question, of use for an hour."""
    work = QueuedQuestion(QUESTION, ALICE, b"the request", None, NOW, NOW + timedelta(hours=1))
    return replace(work, **changes)


def outcome(result: Result, cause: Cause, action: Action = Action.FAIL_SAFE) -> Outcome:
    """An outcome that has consumed `USAGE`."""
    return Outcome(result, cause, action, NextStep.SHOW, Report(route="default", usage=USAGE))


def answered() -> Outcome:
    return outcome(Answered(ANSWER), Cause.ANSWER_VALIDATED, Action.ANSWER)


def in_review() -> Outcome:
    return outcome(InReview("T-1", "operations/7"), Cause.REVIEW_REQUIRED, Action.REVIEW)


def failed_safe(cause: Cause, retry_after: float | None = 1.0) -> Outcome:
    return outcome(FailedSafe(retry_after is not None, retry_after), cause)


def passages_alone(cause: Cause) -> Outcome:
    return outcome(Degraded((Loss.ANSWER,), passages=PASSAGES), cause, Action.PASSAGES_ONLY)

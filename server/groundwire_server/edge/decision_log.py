"""The decision log: a line for each request, on the logger `groundwire.decisions`; comparisons have another."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Protocol

import grpc

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.grounding import GroundingSummary, count_verdicts
from groundwire_server.domain.outcome import (
    Answered,
    Blocked,
    Cached,
    Degraded,
    FailedSafe,
    InReview,
    Outcome,
    Queued,
    Report,
)
from groundwire_server.domain.vocabulary import Action, Cause, Reason, StreamMode, Verdict
from groundwire_server.edge.call import Call
from groundwire_server.edge.options import DecisionLogOptions
from groundwire_server.telemetry.decision import (
    EVENT_NAME,
    SHADOW_EVENT_NAME,
    ComparedAnswer,
    DecisionEvent,
    log_fields,
)
from groundwire_server.telemetry.line_sums import LineKind, LineSums
from groundwire_server.telemetry.trail import Trail

LOGGER = "groundwire.decisions"
SHADOW_LOGGER = "groundwire.comparisons"
"""Of answers in the shadow, which nobody got: no count of decisions may take one for a decision."""

_HASH_BYTES = 8
_NO_REPORT = Report()
"""Of a call that ended before its work began."""

_log = logging.getLogger(LOGGER)
_shadow_log = logging.getLogger(SHADOW_LOGGER)


class Recorded(Protocol):
    """What an event is made of beside an outcome: a call, or a worker's attempt at a queued answer."""

    method: str
    arrived: float
    deadline: Deadline | None
    request_id: str
    trace_id: str
    caller: Caller
    status: grpc.StatusCode
    reason: Reason | None
    mode: StreamMode | None
    grounding: GroundingSummary | None
    trail: Trail


class DecisionLog:
    """Writes decision events.

    Args:
        sums: decides which lines are written.
        options: what is logged.
    """

    def __init__(self, sums: LineSums, options: DecisionLogOptions) -> None:
        self._sums = sums
        self._options = options
        self._key = options.subject_key.reveal().encode()[:64] if options.subject_key is not None else b""

    def write(self, event: DecisionEvent) -> None:
        """Log an event, or count it."""
        compared = event.shadow_of is not None
        notable = (
            compared
            or event.status != grpc.StatusCode.OK.name
            or _fell_back(event)
            or event.duration >= self._options.slow_seconds
        )
        message = event.outcome or event.reason or event.status
        name, log = (SHADOW_EVENT_NAME, _shadow_log) if compared else (EVENT_NAME, _log)
        alike = {
            "method": event.method,
            "status": event.status,
            "route": event.route,
            "cause": event.cause,
            "action": event.action,
        }
        fields = tuple((name, value) for name, value in alike.items() if value is not None)
        kind = LineKind(log.name, logging.INFO, message, fields)
        if self._sums.admit(kind, self._options.notable if notable else self._options.ordinary):
            log.info("%s", message, extra={"event": name, **log_fields(event)})

    def event_of(self, call: Call, now: float) -> DecisionEvent:
        """Return the event of a call that has ended, at a time on the event loop's clock."""
        return self._event(call, _report(call, call.outcome, now), call.outcome, now)

    def abandoned_event(self, call: Call, report: Report, outcome: Outcome | None, now: float) -> DecisionEvent:
        """Return the event of work that has ended after its call had."""
        return self._event(call, report, outcome, now, abandoned=True)

    def attempt_event(
        self, attempt: Recorded, outcome: Outcome | None, now: float, operation: str, number: int, result: str
    ) -> DecisionEvent:
        """Return the event of an attempt at a queued answer.

        Args:
            attempt: what is known of it beside its outcome.
            outcome: None without one.
            now: seconds on the event loop's clock.
            operation: the operation's name.
            number: of the attempt, from 1.
            result: what became of it.
        """
        report = _report(attempt, outcome, now)
        event = self._event(attempt, report, outcome, now)
        return replace(event, operation=operation, operation_attempt=number, operation_result=result)

    def shadow_event(self, call: Call, shadow: Outcome, answered: Outcome) -> DecisionEvent:
        """Return the event of an answer in the shadow of a call's; its duration is its own, and it had no deadline."""
        report = answered.report
        compared = ComparedAnswer(
            report.model,
            type(answered.result).__name__,
            answered.cause,
            answered.answer.grounding_score if answered.answer else None,
            report.judged,
            report.writing_seconds,
            report.writing_usage,
        )
        event = self._event(call, shadow.report, shadow, call.arrived + shadow.report.total)
        return replace(event, shadow_of=compared, deadline=None, left=None)

    def _event(
        self, call: Recorded, report: Report, outcome: Outcome | None, now: float, *, abandoned: bool | None = None
    ) -> DecisionEvent:
        result = None if outcome is None else outcome.result
        answer = None if outcome is None else outcome.answer
        checked = answer or call.grounding
        verdicts, citations = _counts(answer, call.grounding)
        return DecisionEvent(
            method=call.method,
            status=call.status.name,
            reason=call.reason,
            request_id=call.request_id,
            trace_id=call.trace_id,
            run_trace_id=report.trace_id if report.trace_id not in ("", call.trace_id) else None,
            tenant=call.caller.tenant,
            subject=self._subject(call.caller),
            route=report.route or None,
            mode=call.mode,
            outcome=None if result is None else type(result).__name__,
            cause=None if outcome is None else outcome.cause,
            action=None if outcome is None else outcome.action,
            next_step=None if outcome is None else outcome.next_step,
            losses=result.losses if isinstance(result, Degraded) else None,
            retry_after=result.retry_after if isinstance(result, FailedSafe) else None,
            response_valid=_valid(outcome) if report.attempts and outcome is not None else None,
            confidence=answer.confidence if answer else None,
            grounding_score=checked.grounding_score if checked else None,
            verdicts=verdicts,
            sentences_dropped=len(answer.left_out) if answer else None,
            sentences_judged=report.judged or None,
            conflicts=report.conflicts or None,
            flags=report.flags or None,
            guards_unavailable=report.guards_unavailable or None,
            blocked=result.by if isinstance(result, Blocked) else None,
            citations=citations,
            prompt=report.prompt_name or None,
            prompt_version=report.prompt_version or None,
            experiment_arm=report.experiment_arm or None,
            corpus_version=report.corpus_version or None,
            cache=report.cache,
            cache_staleness=report.cache_staleness,
            cache_age=result.age if isinstance(result, Cached) else None,
            rewriting=report.rewriting,
            routing_rule=report.routing_rule or None,
            found=report.found if report.stages else None,
            best_relevance=report.best_relevance,
            passages=report.passages,
            attempts=report.attempts,
            usage=report.usage,
            stages=report.stages,
            first_text=report.time_to_first_token,
            limits_in_shadow=tuple(call.trail.limits_in_shadow) or None,
            limits_unchecked=call.trail.limits_unchecked or None,
            duration=now - call.arrived,
            deadline=None if call.deadline is None else call.deadline.at - call.arrived,
            left=None if call.deadline is None else call.deadline.at - now,
            abandoned=abandoned,
            operation=result.operation if isinstance(result, Queued | InReview) else None,
            review=result.ticket if isinstance(result, InReview) else None,
        )

    def _subject(self, caller: Caller) -> str:
        """Return a hash of the subject, which means nothing outside its tenant."""
        return blake2b(
            f"{caller.tenant}\0{caller.subject}".encode(), digest_size=_HASH_BYTES, key=self._key
        ).hexdigest()


def _report(call: Recorded, outcome: Outcome | None, now: float) -> Report:
    """Return the report of an outcome, or what was known without one, at a time on the event loop's clock."""
    if outcome is not None:
        return outcome.report
    return _NO_REPORT if call.trail.report is None else call.trail.report(now)


def _counts(
    answer: GroundedText | None, summary: GroundingSummary | None
) -> tuple[Mapping[Verdict, int] | None, int | None]:
    """Return how many sentences have each verdict, and how many citations there are; None where nothing was checked."""
    if answer is not None:
        return count_verdicts(answer.sentences), len(answer.citations)
    return (None, None) if summary is None else (summary.verdicts, summary.citations)


def _fell_back(event: DecisionEvent) -> bool:
    """Return whether anything had to be done but answer; an earlier answer may be served in the place of a new one."""
    served = event.action is Action.CACHED_ANSWER and event.cause is Cause.ANSWER_VALIDATED
    return event.action not in (None, Action.ANSWER) and not served


def _valid(outcome: Outcome) -> bool:
    """Return whether a model's whole answer passed every check."""
    match outcome.result:
        case Answered():
            return True
        case Degraded(_, answer):
            return answer is not None and outcome.action is not Action.CUT_SHORT
        case InReview():
            # Of any other cause, it is with a person because it did not.
            return outcome.cause is Cause.REVIEW_REQUIRED
        case _:
            return False

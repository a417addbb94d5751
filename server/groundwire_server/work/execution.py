"""One attempt at a queued question: with the rights and the configuration of now, not of when it was asked."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from opentelemetry.trace import SpanKind, format_trace_id

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.operation import Bill, Claim
from groundwire_server.domain.outcome import Outcome, Report
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Priority, Reason
from groundwire_server.ports.answerer import Answerer, Inquiries
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.operations import Rights
from groundwire_server.ports.recording import Recording
from groundwire_server.telemetry import names
from groundwire_server.telemetry.trace_context import link_current_span
from groundwire_server.telemetry.trail import Trail, begin_trail
from groundwire_server.work.backoff import Backoff
from groundwire_server.work.disposition import (
    RESULTS,
    Disposition,
    Refuse,
    after_outcome,
)

SPAN: Final = "process operation"
"""The span of an attempt, as the conventions for messaging name what a consumer does."""

_FULL_SECONDS: Final = 1.0
"""How long a server without a free place is left alone, where it does not say."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What questions are answered with, by the configuration that is active when an attempt begins.

    Attributes:
        rights: look up what a caller may do now.
        inquiries: makes inquiries of questions.
        answerer: answers inquiries, once there is capacity for them.
    """

    rights: Rights
    inquiries: Inquiries
    answerer: Answerer


@dataclass(slots=True)
class QueuedAttempt:
    """What is known of an attempt, from its begin on.

    Attributes:
        began: seconds on the event loop's clock.
        caller: with its rights of now; as it asked until they are looked up.
        trace_id: of its span, in hexadecimal.
        deadline: of the answer; None before there is one.
        trail: what the work leaves behind.
        outcome: None without one.
        reason: why it has none, where it was refused.
    """

    claim: Claim
    began: float
    caller: Caller
    trace_id: str = ""
    deadline: Deadline | None = None
    trail: Trail = field(default_factory=Trail)
    outcome: Outcome | None = None
    reason: Reason | None = None

    @classmethod
    def begin(cls, claim: Claim, now: float) -> "QueuedAttempt":
        """Return an attempt that begins now."""
        return cls(claim, now, claim.work.caller)

    def report(self, now: float) -> Report:
        """Return what is known of the answer, at a time on the event loop's clock."""
        if self.outcome is not None:
            return self.outcome.report
        return Report() if self.trail.report is None else self.trail.report(now)

    def bill(self, now: float) -> Bill:
        """Return what it has consumed, whether or not it came to an end."""
        return Bill.of(self.report(now))


class AttemptLog(Protocol):
    """Writes down what became of an attempt, as decisions of calls are written down."""

    def record(self, attempt: QueuedAttempt, result: str) -> None:
        """Record an attempt that has ended.

        Args:
            attempt: what is known of it.
            result: what became of it: a label of `metrics.QUEUE_ATTEMPTS`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Executor:
    """Makes attempts.

    Attributes:
        serving: returns what is active now.
        backoff: chooses the wait before the next attempt.
        clock: the event loop's, and of the wall.
        recording: opens spans.
    """

    serving: Callable[[], Serving]
    backoff: Backoff
    clock: Clock
    recording: Recording

    async def execute(self, attempt: QueuedAttempt) -> Disposition:
        """Answer a question, in the current task, and return what follows; the attempt is filled in on the way."""
        claim, work = attempt.claim, attempt.claim.work
        about: dict[str, str | int] = {
            names.OPERATION: claim.key.name,
            names.OPERATION_ATTEMPT: claim.attempt,
            names.REQUEST_ID: work.question.request_id,
            names.ROUTE: work.question.route,
            names.TENANT: claim.key.tenant,
        }
        with self.recording.tracer.start_as_current_span(
            SPAN, kind=SpanKind.CONSUMER, attributes=about, record_exception=False
        ) as span:
            link_current_span(work.traceparent)
            attempt.trace_id = format_trace_id(span.get_span_context().trace_id)
            attempt.trail = begin_trail()
            disposition = await self._answer(attempt)
            span.set_attribute(names.RESULT, RESULTS[type(disposition)])
            if attempt.outcome is not None:
                span.set_attribute(names.OUTCOME, type(attempt.outcome.result).__name__)
                span.set_attribute(names.CAUSE, attempt.outcome.cause)
            if attempt.reason is not None:
                span.set_attribute(names.REASON, attempt.reason)
            return disposition

    async def _answer(self, attempt: QueuedAttempt) -> Disposition:
        work, number = attempt.claim.work, attempt.claim.attempt
        while True:
            serving = self.serving()
            left = (work.answer_by - self.clock.today()).total_seconds()
            if left <= 0:
                return _refused(attempt, Reason.OPERATION_EXPIRED)
            now = self.clock.now()
            try:
                question, until = _in_background(work.question), Deadline(now + left)
                inquiry = serving.inquiries.inquiry(question, work.caller, now, until, assignments=work.assignments)
                # An operator may have taken it back since.
                frozen = work.rights_frozen and inquiry.policy.freeze_rights
                caller = await serving.rights.renewed(work.caller, frozen=frozen)
                if caller is None:
                    return _refused(attempt, Reason.RIGHTS_WITHDRAWN)
                attempt.caller, attempt.deadline = caller, inquiry.deadline
                inquiry = replace(inquiry, caller=caller, claim=attempt.claim)
                attempt.outcome = await serving.answerer.answer(inquiry, None)
            except Rejection as rejection:
                if rejection.reason is Reason.OVERLOADED:
                    # The claim is kept: nothing has begun, and another worker of this server would fare no better.
                    await asyncio.sleep(max(rejection.retry_after or 0.0, _FULL_SECONDS))
                    continue
                return _refused(attempt, rejection.reason)
            return after_outcome(attempt.outcome, number, self.backoff)


def _refused(attempt: QueuedAttempt, reason: Reason) -> Refuse:
    attempt.reason = reason
    return Refuse(reason)


def _in_background(question: Question) -> Question:
    """Return the question as a worker asks it: behind those that somebody waits for, and never queued again."""
    evaluated = question.priority is Priority.EVALUATION
    priority = Priority.EVALUATION if evaluated else Priority.BACKGROUND
    return replace(question, allow_queue=False, mode=None, priority=priority)

"""Accepting questions for later: each is written down before its caller hears of it."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from opentelemetry.trace import get_current_span

from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.operation import Operation, OperationKey, QueuedQuestion, Webhook
from groundwire_server.domain.outcome import Queued
from groundwire_server.domain.vocabulary import Cause, Feature, Reason
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.operations import (
    WORK,
    FingerprintError,
    OperationRecords,
    QuestionTooLargeError,
    QueueFullError,
    RecordsError,
    Wakeups,
)
from groundwire_server.telemetry import metrics
from groundwire_server.telemetry.trace_context import traceparent
from groundwire_server.work.options import QueueOptions
from groundwire_server.work.webhooks import Webhooks

_ID_BYTES: Final = 16
_RETRY_SECONDS: Final = 5.0
"""When a caller whose question was not accepted may try again."""


def new_id() -> str:
    """Return an id that nobody can guess: an operation is found by it alone, within its tenant and subject."""
    return secrets.token_hex(_ID_BYTES)


@dataclass(frozen=True, slots=True)
class AcceptedQuestions:
    """Accepts questions, from the pipeline (`AnswerQueue`) and from calls that submit them.

    Attributes:
        records: keep what is accepted.
        wakeups: tell workers that there is something to do.
        options: bounds and times.
        weight: returns a tenant's share of the workers.
        clock: of the wall, too.
        recorder: counts what is accepted.
        draw_id: returns the id of an operation.
        webhooks: says which addresses may be called; None allows none.
    """

    records: OperationRecords
    wakeups: Wakeups
    options: QueueOptions
    weight: Callable[[str], float]
    clock: Clock
    recorder: Metrics
    draw_id: Callable[[], str] = new_id
    webhooks: Webhooks | None = None

    async def submit(self, inquiry: Inquiry, cause: Cause) -> Queued:
        """Write a question down that could not be answered now, and return where it waits; see `AnswerQueue`."""
        try:
            async with asyncio.timeout(inquiry.time_plan().answer_by.remaining(self.clock.now())):
                operation = await self._accepted(inquiry, cause, None, None)
        except (QueueFullError, QuestionTooLargeError, FingerprintError, RecordsError, TimeoutError):
            raise Failure(cause) from None
        # One that is done already is asked for at once.
        return Queued(operation.name, operation.position, operation.poll_after or 0.0)

    async def accept(
        self, inquiry: Inquiry, answer_within: float | None = None, webhook: Webhook | None = None
    ) -> Operation:
        """Accept a question that was submitted for later.

        The same request under the same request id returns the operation there is.

        Args:
            inquiry: the question on its route; its run names the request.
            answer_within: seconds for which an answer is of use; None takes the default.
            webhook: is told when the operation is done.

        Raises:
            Rejection: FEATURE_NOT_OFFERED, INVALID_REQUEST, QUEUE_FULL, RECORDS_UNAVAILABLE, REQUEST_ID_REUSED.
        """
        if not inquiry.policy.queue:
            raise Rejection.not_offered(Feature.QUEUED_ANSWERS)
        if webhook is not None:
            if self.webhooks is None:
                raise Rejection.not_offered(Feature.WEBHOOKS)
            self.webhooks.check(inquiry.caller.tenant, webhook)
        try:
            return await self._accepted(inquiry, None, answer_within, webhook)
        except QueueFullError as full:
            scope = "tenant" if full.tenant else "all"
            raise Rejection(Reason.QUEUE_FULL, metadata={"scope": scope}, retry_after=_RETRY_SECONDS) from None
        except QuestionTooLargeError:
            most = self.options.max_question_bytes
            said = f"may have at most {most} bytes while it waits: send fewer passages, or ask at once"
            raise Rejection.invalid("question", said, "queue.question_bytes") from None
        except RecordsError:
            raise Rejection(Reason.RECORDS_UNAVAILABLE, retry_after=_RETRY_SECONDS) from None
        except FingerprintError:
            request_id = inquiry.question.request_id
            raise Rejection(Reason.REQUEST_ID_REUSED, metadata={"request_id": request_id}) from None

    async def _accepted(
        self, inquiry: Inquiry, cause: Cause | None, answer_within: float | None, webhook: Webhook | None
    ) -> Operation:
        policy, caller, now = inquiry.policy, inquiry.caller, self.clock.today()
        work = QueuedQuestion(
            inquiry.question,
            caller,
            inquiry.fingerprint,
            cause,
            now,
            now + timedelta(seconds=self.options.answer_within(answer_within)),
            policy.freeze_rights,
            traceparent(get_current_span()),
            webhook,
            policy.cost_per_call or 0,
            inquiry.assignments,
        )
        key = OperationKey(caller.tenant, caller.subject, self.draw_id())
        operation = await self.records.accept(key, work, self.options.bounds(self.weight(caller.tenant)))
        if operation.key == key:
            self.recorder.add(metrics.QUEUE_ACCEPTED, 1, policy.route, cause or "")
            await self.wakeups.notify(WORK)
        return operation

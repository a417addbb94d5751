"""The record of every call: its metrics, its decision event, and what its span says about the decision."""

import asyncio
from functools import partial
from typing import ClassVar

from groundwire_server.domain.outcome import Outcome, Report
from groundwire_server.edge.blocked_content import BlockedContentLog
from groundwire_server.edge.call import Call
from groundwire_server.edge.decision_log import DecisionLog
from groundwire_server.edge.interceptors.chain import Proceed, Reasons
from groundwire_server.edge.interceptors.context import RequestId, Tracing, status_of_cancelled
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics
from groundwire_server.telemetry.decision import span_attributes
from groundwire_server.telemetry.trail import begin_trail


class Decisions:
    """Records each call when it has ended, however it did."""

    inside: ClassVar[Reasons] = {
        Tracing: "the span must not have ended when the decision is written to it",
        RequestId: "the event carries the id",
    }

    def __init__(self, log: DecisionLog, blocked: BlockedContentLog, recorder: Metrics, clock: Clock) -> None:
        self._log = log
        self._blocked = blocked
        self._metrics = recorder
        # Not the loop's: it stands still while one callback runs.
        self._clock = clock

    async def intercept(self, call: Call, proceed: Proceed) -> None:
        """Serve the call and record it."""
        call.trail = begin_trail()
        call.trail.compared = partial(self._compared, call)
        try:
            await proceed()
        except asyncio.CancelledError:
            call.status = status_of_cancelled(call)
            raise
        finally:
            self._record(call, self._clock.now())
            call.trail.abandoned = partial(self._abandoned, call)

    def _record(self, call: Call, now: float) -> None:
        event = self._log.event_of(call, now)
        call.span.set_attributes(span_attributes(event))
        failed = "" if event.status == "OK" else event.status
        labels = (call.rpc_system, event.method, event.status, failed)
        self._metrics.record(metrics.CALL_DURATION, event.duration, *labels)
        if event.outcome and event.cause and event.action:
            self._metrics.add(metrics.ANSWERS, 1, event.route or "", event.outcome, event.cause, event.action)
        self._log.write(event)
        self._blocked.write(event)

    def _abandoned(self, call: Call, report: Report, outcome: Outcome | None) -> None:
        event = self._log.abandoned_event(call, report, outcome, self._clock.now())
        self._log.write(event)
        self._blocked.write(event)

    def _compared(self, call: Call, shadow: Outcome, answered: Outcome) -> None:
        self._log.write(self._log.shadow_event(call, shadow, answered))

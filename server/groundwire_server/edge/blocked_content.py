"""The security log of what guards have blocked, and of appeals: of what kind it was, and never the text."""

import logging
from typing import Final

from groundwire_server.domain.vocabulary import GuardAction
from groundwire_server.edge.security_events import LOGGER
from groundwire_server.telemetry.decision import DecisionEvent
from groundwire_server.telemetry.line_sums import LineKind, LineSums

EVENT: Final = "content_blocked"
APPEAL_EVENT: Final = "block_appealed"
LINES: Final = 10
"""Lines of one tenant, guard and category in a window, and one route for what is blocked; the others are counted."""

_log = logging.getLogger(LOGGER)


class BlockedContentLog:
    """Logs what guards have blocked, and what callers say was blocked by mistake.

    Args:
        sums: decides which lines are written.
    """

    def __init__(self, sums: LineSums) -> None:
        self._sums = sums

    def write(self, event: DecisionEvent) -> None:
        """Log each kind of content that was blocked in a call, whatever its outcome was."""
        for flag in event.flags or ():
            if flag.action is not GuardAction.BLOCK:
                continue
            alike = {
                "screen": flag.screen.value,
                "guard": flag.guard.name,
                "category": flag.category,
                "tenant": event.tenant,
                "route": event.route or "",
            }
            if self._sums.admit(LineKind(_log.name, logging.WARNING, "content blocked", tuple(alike.items())), LINES):
                about = {
                    "guard_version": flag.guard.version,
                    "subject": event.subject,
                    "outcome": event.outcome or "",
                    "request_id": event.request_id,
                    "trace_id": event.run_trace_id or event.trace_id,
                }
                _log.warning("content blocked", extra={"event": EVENT, **alike, **about})

    def appeal(self, tenant: str, guard: str, category: str, request_id: str, trace_id: str) -> None:
        """Log that a caller says that something was blocked by mistake."""
        alike = {"guard": guard, "category": category, "tenant": tenant}
        if self._sums.admit(LineKind(_log.name, logging.INFO, "block appealed", tuple(alike.items())), LINES):
            about = {"request_id": request_id, "trace_id": trace_id}
            _log.info("block appealed", extra={"event": APPEAL_EVENT, **alike, **about})

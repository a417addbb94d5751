"""The log of content that a guard has blocked, on the logger `groundwire.security`: of what kind, never what."""

import logging
from typing import Final

from groundwire_server.domain.vocabulary import GuardAction
from groundwire_server.edge.security_events import LOGGER
from groundwire_server.telemetry.decision import DecisionEvent
from groundwire_server.telemetry.line_sums import LineKind, LineSums

EVENT: Final = "content_blocked"
LINES: Final = 10
"""Lines of one tenant, route, guard and category in a window; the others are counted."""

_log = logging.getLogger(LOGGER)


class BlockedContentLog:
    """Logs what guards have blocked.

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

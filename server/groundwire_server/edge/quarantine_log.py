"""The log of documents that guards hold back and operators release, on the logger `groundwire.security`."""

import hashlib
import logging
from collections.abc import Collection
from typing import Final

from groundwire_server.domain.guards.finding import Flag
from groundwire_server.domain.vocabulary import GuardAction
from groundwire_server.edge.call import Call
from groundwire_server.edge.security_events import LOGGER
from groundwire_server.telemetry.line_sums import LINES, LineKind, LineSums

QUARANTINED: Final = "document_quarantined"
RELEASED: Final = "document_released"

_log = logging.getLogger(LOGGER)


class QuarantineLog:
    """Logs documents in quarantine: of what kind their content is, never what.

    Args:
        sums: decides which lines are written.
    """

    def __init__(self, sums: LineSums) -> None:
        self._sums = sums

    def quarantined(self, call: Call, document_id: str, flags: Collection[Flag]) -> None:
        """Log that a document is held back, for each guard and category; of many lines alike, some and their number."""
        for flag in flags:
            if flag.action is not GuardAction.QUARANTINE:
                continue
            alike = {"tenant": call.caller.tenant, "guard": flag.guard.name, "category": flag.category}
            kind = LineKind(_log.name, logging.WARNING, "document quarantined", tuple(alike.items()))
            if self._sums.admit(kind, LINES):
                about = {"guard_version": flag.guard.version, **_about(call, document_id)}
                _log.warning("document quarantined", extra={"event": QUARANTINED, **alike, **about})

    def released(self, call: Call, document_id: str) -> None:
        """Log that an operator has released a document; the decision event of the same request says which subject."""
        # A warning, like every event of this log, and each: none is to be lost.
        about = {"tenant": call.caller.tenant, **_about(call, document_id)}
        _log.warning("document released", extra={"event": RELEASED, **about})


def _about(call: Call, document_id: str) -> dict[str, str]:
    # An id may be a path, which may name a person.
    hashed = hashlib.sha256(f"{call.caller.tenant}\n{document_id}".encode()).hexdigest()
    return {"document_hash": hashed, "request_id": call.request_id, "trace_id": call.trace_id}

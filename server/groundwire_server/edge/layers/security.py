"""Every refusal is a security event in the log."""

from groundwire_server.domain.access_denied import AccessDenied
from groundwire_server.edge.call import Call
from groundwire_server.edge.identity import peer_of
from groundwire_server.edge.layers.chain import Proceed
from groundwire_server.edge.security_events import SecurityEventLog


class SecurityEvents:
    """Tells the log of callers who are turned away, and lets the refusal pass."""

    def __init__(self, log: SecurityEventLog) -> None:
        self._log = log

    async def around(self, call: Call, proceed: Proceed) -> None:
        """Serve the call; a refusal becomes an event."""
        try:
            await proceed()
        except AccessDenied as refused:
            about = {**refused.about, "method": call.method, "request_id": call.request_id, "trace_id": call.trace_id}
            self._log.record(peer_of(call.context.peer()), refused.word, about)
            raise

"""The recheck of access lists: the only place where the pipeline itself enforces them."""

import logging
from collections.abc import Sequence

from opentelemetry.trace import get_current_span

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics, names

_security = logging.getLogger("groundwire.security")


class AclRecheck:
    """Drops passages that the caller may not see.

    Stores filter by principal already; a faulty store must not put a secret into a prompt. A store may find a passage
    by an access list that is changed before the passage is read: that is expected, and no security event.

    Args:
        recorder: counts what was dropped.
    """

    def __init__(self, recorder: Metrics) -> None:
        self._metrics = recorder

    def visible(self, found: Evidence, caller: Caller) -> Sequence[Passage]:
        """Return the passages that the caller may see; count the others, and log those that no change explains."""
        visible = [passage for passage in found.passages if caller.may_see(passage.allowed_principals)]
        dropped = len(found.passages) - len(visible)
        if not dropped:
            return visible
        get_current_span().set_attribute(names.PASSAGES_DROPPED, dropped)
        if found.overtaken:
            self._metrics.add(metrics.PASSAGES_OVERTAKEN, dropped)
            return visible
        self._metrics.add(metrics.PASSAGES_DROPPED, dropped)
        _security.error(
            "the store returned passages that the caller may not see; they were dropped",
            extra={"tenant": caller.tenant, "dropped": dropped},
        )
        return visible

"""The recheck of access lists: the only place where the pipeline itself enforces them."""

import logging
from collections.abc import Sequence

from opentelemetry.trace import get_current_span

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.evidence import Passage
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics, names

_security = logging.getLogger("groundwire.security")


class AclRecheck:
    """Drops passages that the caller may not see.

    Stores filter by principal already; a faulty store must not put a secret into a prompt.

    Args:
        recorder: counts what was dropped.
    """

    def __init__(self, recorder: Metrics) -> None:
        self._metrics = recorder

    def visible(self, passages: Sequence[Passage], caller: Caller) -> Sequence[Passage]:
        """The passages that the caller may see; others are dropped, counted and logged as a security event."""
        visible = [passage for passage in passages if caller.may_see(passage.allowed_principals)]
        dropped = len(passages) - len(visible)
        if dropped:
            self._metrics.add(metrics.PASSAGES_DROPPED, dropped)
            get_current_span().set_attribute(names.PASSAGES_DROPPED, dropped)
            _security.error(
                "the store returned passages that the caller may not see; they were dropped",
                extra={"tenant": caller.tenant, "dropped": dropped},
            )
        return visible

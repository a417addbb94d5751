"""A guard of the configuration: what identifies it, and a span around each of its calls."""

from dataclasses import replace
from typing import Protocol

from groundwire_server.adapters.resilience.instrumentation import Attributes, CurrentSpan, Instrumentation
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.guards.finding import GuardIdentity
from groundwire_server.domain.text.encodable import encodable
from groundwire_server.ports.guard import ScreenReply, ScreenRequest
from groundwire_server.telemetry import names


class TextScreener(Protocol):
    """Screens texts, as the port says."""

    async def screen(self, request: ScreenRequest, deadline: Deadline) -> ScreenReply: ...  # noqa: D102


class InstrumentedGuard:
    """The RemoteGuard whose calls have a span.

    Args:
        inner: screens.
        identity: of the guard.
        instrumentation: makes the spans.
    """

    def __init__(self, inner: TextScreener, identity: GuardIdentity, instrumentation: Instrumentation) -> None:
        self.model = identity.name
        self._inner = inner
        self._identity = identity
        self._instrumentation = instrumentation

    async def screen(self, request: ScreenRequest, deadline: Deadline) -> ScreenReply:
        """Return what it objects to in each text."""
        if not any(map(str.strip, request.texts)):
            return ScreenReply(((),) * len(request.texts))
        # Code points stay where they are: half of a surrogate pair becomes one question mark. Nothing else is changed,
        # for what is hidden in a text is what a guard looks for.
        request = replace(request, texts=tuple(map(encodable, request.texts)))
        attributes: Attributes = {
            names.GUARD: self._identity.name,
            names.GUARD_VERSION: self._identity.version,
            names.GUARD_SCREEN: request.screen.value,
            names.GUARD_TEXTS: len(request.texts),
        }
        with self._instrumentation.span(attributes, deadline) as span, CurrentSpan(span):
            reply = await self._inner.screen(request, deadline)
            found = [finding.category for findings in reply.findings for finding in findings]
            span.set_attribute(names.GUARD_FINDINGS, len(found))
            span.set_attribute(names.GUARD_CATEGORIES, tuple(sorted(set(found))))
            if reply.usage != Usage():
                self._instrumentation.consumed(span, reply.usage)
            return reply

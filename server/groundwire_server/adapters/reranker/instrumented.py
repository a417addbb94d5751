"""A reranker of the configuration: what identifies it, and a span around each of its calls."""

from dataclasses import replace
from typing import Final, Protocol

from groundwire_server.adapters.resilience.instrumentation import Attributes, CurrentSpan, Instrumentation
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.fencing.fence import harmless
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.reranking import RerankReply, RerankRequest
from groundwire_server.domain.text.encodable import encodable
from groundwire_server.telemetry import names

_BLANK: Final = "-"
"""Stands in for a text of which nothing is seen: servers refuse it, and a model can make nothing of it."""


class TextRater(Protocol):
    """Rates texts, as the port says."""

    async def rate(self, request: RerankRequest, deadline: Deadline) -> RerankReply: ...  # noqa: D102


class InstrumentedReranker:
    """The Reranker whose calls have a span.

    Args:
        inner: rates.
        name: in the configuration.
        fingerprint: of all that decides a rating.
        instrumentation: makes the spans.
    """

    def __init__(self, inner: TextRater, name: str, fingerprint: str, instrumentation: Instrumentation) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self._inner = inner
        self._instrumentation = instrumentation

    async def rate(self, request: RerankRequest, deadline: Deadline) -> RerankReply:
        """Return one rating for each text, in order."""
        if not request.texts:
            return RerankReply((), Usage())
        request = replace(request, question=_rateable(request.question), texts=tuple(map(_rateable, request.texts)))
        attributes: Attributes = {
            names.RERANKER: self.name,
            names.RERANKER_FINGERPRINT: self.fingerprint,
            names.RERANKER_TEXTS: len(request.texts),
        }
        with self._instrumentation.span(attributes, deadline) as span, CurrentSpan(span):
            reply = await self._inner.rate(request, deadline)
            span.set_attribute(names.RERANKER_BEST, max(reply.ratings))
            if reply.usage != Usage():
                self._instrumentation.consumed(span, reply.usage)
            return reply


def _rateable(text: str) -> str:
    said = harmless(encodable(text))
    return said if said.strip() else _BLANK

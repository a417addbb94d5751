"""A guard behind an endpoint that is sent placeholders."""

from dataclasses import replace

from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.adapters.guards.remote.instrumented import TextScreener
from groundwire_server.domain.deadline import Deadline
from groundwire_server.ports.guard import ScreenReply, ScreenRequest


class MaskingTextScreener:
    """A TextScreener that is sent placeholders; what it finds is where the original words stand.

    Args:
        inner: screens.
        masker: says what it must not be sent.
    """

    def __init__(self, inner: TextScreener, masker: Masker) -> None:
        self._inner = inner
        self._masker = masker

    async def screen(self, request: ScreenRequest, deadline: Deadline) -> ScreenReply:
        """Return what the guard objects to in each text; see the inner one."""
        placeholders = self._masker.numbered(request.texts)
        masked = [placeholders.masked(text) for text in request.texts]
        reply = await self._inner.screen(replace(request, texts=tuple(each.text for each in masked)), deadline)
        findings = []
        for text, found in zip(masked, reply.findings, strict=True):
            spans = [text.original_span(each.start, each.end) for each in found]
            moved = (replace(each, start=start, end=end) for each, (start, end) in zip(found, spans, strict=True))
            findings.append(tuple(moved))
        return replace(reply, findings=tuple(findings))

"""Placeholders for what a provider must not be sent, and guards behind an endpoint that are sent them."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.guards.masking import mask
from groundwire_server.domain.guards.placeholders import Placeholders
from groundwire_server.domain.text.encodable import encodable
from groundwire_server.ports.guard import LocalGuard, RemoteGuard, ScreenReply, ScreenRequest

_AT_ONCE: Final = 1 << 16
"""Code points that are searched before other calls have their turn: some milliseconds."""


class Masker:
    """Placeholders for what guards find.

    Args:
        guards: find what is masked.
    """

    def __init__(self, guards: Sequence[LocalGuard]) -> None:
        self._guards = guards

    def find(self, text: str) -> Iterator[Finding]:
        """Yield all that is masked in a text; stretches may overlap."""
        text = encodable(text)
        for guard in self._guards:
            yield from guard.find(text)

    def numbered(self, texts: Iterable[str], written: Callable[[str], str] = str) -> Placeholders:
        """Return the texts of one call with numbered placeholders, and what they stand for.

        Args:
            texts: all of the call.
            written: returns how words are written in a model's reply, which the texts may hold.
        """
        return Placeholders(self.find, texts, written)

    async def fixed(self, texts: Sequence[str]) -> list[str]:
        """Return texts with placeholders that name the category alone, for what nothing is put back into."""
        masked: list[str] = []
        searched = 0
        for text in texts:
            if searched > _AT_ONCE:
                searched = 0
                await asyncio.sleep(0)
            masked.append(mask(text, self.find(text)).text)
            searched += len(text)
        return masked


class MaskingGuard:
    """A RemoteGuard that is sent placeholders; what it finds is where the original words stand.

    Args:
        inner: is asked.
        masker: says what it must not be sent.
    """

    def __init__(self, inner: RemoteGuard, masker: Masker) -> None:
        self._inner = inner
        self._masker = masker

    @property
    def model(self) -> str:
        """The alias under which its usage is counted."""
        return self._inner.model

    async def screen(self, request: ScreenRequest, deadline: Deadline) -> ScreenReply:
        """Return what the guard objects to in each text; see the inner guard."""
        placeholders = self._masker.numbered(request.texts)
        masked = [placeholders.masked(text) for text in request.texts]
        reply = await self._inner.screen(replace(request, texts=tuple(each.text for each in masked)), deadline)
        findings = []
        for text, found in zip(masked, reply.findings, strict=True):
            spans = [text.original_span(each.start, each.end) for each in found]
            moved = (replace(each, start=start, end=end) for each, (start, end) in zip(found, spans, strict=True))
            findings.append(tuple(moved))
        return replace(reply, findings=tuple(findings))

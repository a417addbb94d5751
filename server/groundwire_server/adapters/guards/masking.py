"""Placeholders for what an endpoint must not be sent."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.guards.masking import mask
from groundwire_server.domain.guards.placeholders import Placeholders
from groundwire_server.domain.text.encodable import encodable
from groundwire_server.ports.guard import LocalGuard

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

"""Terms with their meanings, and which of them a text mentions."""

from collections.abc import Iterable, Sequence
from typing import Final

from groundwire_server.domain.text.fold import fold
from groundwire_server.domain.text.grams import has_unspaced
from groundwire_server.domain.text.stems import stem
from groundwire_server.domain.text.words import words


class Glossary:
    """The terms of a tenant.

    A text mentions a term whose words stand in it, one after the other, whatever their case, accents and regular
    English endings; a term in a script without spaces, where its letters do.

    Args:
        terms: each with its meaning, in the order in which they are shown.
    """

    def __init__(self, terms: Iterable[tuple[str, str]] = ()) -> None:
        self.terms = tuple(terms)
        self._unspaced: list[tuple[str, int]] = []
        self._by_first: dict[str, list[tuple[Sequence[str], int]]] = {}
        for place, (term, _) in enumerate(self.terms):
            if has_unspaced(folded := fold(term)):
                self._unspaced.append((folded, place))
            elif stems := [stem(word) for word in words(term)]:
                self._by_first.setdefault(stems[0], []).append((stems, place))

    def __repr__(self) -> str:
        """Return how many there are."""
        return f"Glossary({len(self.terms)})"

    def mentioned(self, texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Return the terms that one of the texts mentions, with their meanings, in their order."""
        found: set[int] = set()
        for text in texts:
            if self._by_first:
                found.update(self._in_words([stem(word) for word in words(text)]))
            if self._unspaced:
                folded = fold(text)
                found.update(place for term, place in self._unspaced if term in folded)
        return tuple(self.terms[place] for place in sorted(found))

    def _in_words(self, stems: Sequence[str]) -> Iterable[int]:
        if self._by_first.keys().isdisjoint(stems):
            return
        for at, first in enumerate(stems):
            for term, place in self._by_first.get(first, ()):
                if stems[at : at + len(term)] == term:
                    yield place


NO_TERMS: Final = Glossary()

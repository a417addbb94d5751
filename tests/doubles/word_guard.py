"""A guard that objects to words."""

import re
from collections.abc import Sequence

from groundwire_server.corpus.screening import DocumentGuard, DocumentScreen
from groundwire_server.domain.guards.finding import Finding, GuardActions, GuardIdentity
from groundwire_server.domain.vocabulary import GuardAction


class WordGuard:
    """A LocalGuard that finds words, each of a category of its own.

    Attributes:
        texts: those that it has looked at.
    """

    by_word = True
    finds_data = True

    def __init__(self, **categories: str) -> None:
        self._categories = categories
        self.texts: list[str] = []

    def find(self, text: str) -> Sequence[Finding]:
        self.texts.append(text)
        found = [
            Finding(category, each.start(), each.end(), rule=word)
            for category, word in self._categories.items()
            for each in re.finditer(re.escape(word), text)
        ]
        return sorted(found, key=lambda each: each.start)

    def about(self, rule: str) -> str:
        return f"the word {rule}"


def quarantining(**categories: str) -> DocumentScreen:
    """A screen that holds back documents with these words."""
    guard = DocumentGuard(GuardIdentity("words", "1"), GuardActions(GuardAction.QUARANTINE), WordGuard(**categories))
    return DocumentScreen([guard])

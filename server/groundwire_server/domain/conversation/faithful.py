"""Whether a rewritten question is still the question, and holds nothing that its conversation does not."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from groundwire_server.domain.question import Turn
from groundwire_server.domain.text.words import content_words

_WORD: Final = re.compile(r"\w+")
_NEW_WORDS: Final = 2
"""Content words that a rewriting may bring along: "price" for "how much"."""


def is_faithful(rewritten: str, question: str, turns: Sequence[Turn]) -> bool:
    """Return whether a rewritten question is made of its conversation.

    Every name and every number must stand in the question or in a turn, and so must all but two of its content words.
    What the question says itself stays: its numbers, and half of its content words where it has several. A turn that
    holds orders could put another question in its place otherwise. Characters that nobody sees, and marks beyond those
    of sentences, may not be added.

    Args:
        rewritten: the question as a model has put it.
        question: as it was asked.
        turns: before it.
    """
    conversation = "\n".join([question, *(turn.text for turn in turns)])
    said = {word.casefold() for word in _WORD.findall(conversation)}
    words = _WORD.findall(rewritten)
    # The first word has a capital whatever it is.
    named = [word for index, word in enumerate(words) if any(map(str.isdigit, word)) or (index and not word.islower())]
    cased = [word for word in named if word.casefold() != word or any(map(str.isdigit, word))]
    if any(word.casefold() not in said for word in cased):
        return False
    numbers = {word for word in _WORD.findall(question) if any(map(str.isdigit, word))}
    if not numbers <= set(words):
        return False
    own = content_words(question)
    if len(own) > 1 and 2 * len(own & content_words(rewritten)) < len(own):
        return False
    if len(content_words(rewritten) - content_words(conversation)) > _NEW_WORDS:
        return False
    return not {char for char in set(rewritten) - set(conversation) if _is_strange(char)}


def _is_strange(char: str) -> bool:
    return char in "<>{}[]|\\`" or unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs"}

"""What is told apart by its number or its name alone: door 5 and door 7, version 3.2 and version 4.0, `tmp_path`."""

import re
from collections.abc import Mapping
from typing import Final

from groundwire_server.domain.text.languages import Language
from groundwire_server.domain.text.words import content_words

_NUMBERED: Final = re.compile(r"\b([^\W\d_]{2,})[ \t]+[#№]?(\d+(?:\.\d+)*)(?![\d.]*\d)", re.IGNORECASE)
_VERSION: Final = re.compile(r"\bv(\d+(?:\.\d+)+)", re.IGNORECASE)

_COMPOUND: Final = re.compile(r"[^\W_]+(?:[._/-]+[^\W_]+)+")
_IDENTIFYING: Final = re.compile(r"[\d_]")
"""What a compound has that is no word of several parts."""

Numbered = Mapping[str, frozenset[str]]
"""Numbers, by the word before them."""


def numbered(text: str, language: Language) -> Numbered:
    """Return the numbers that follow content words directly, by the stem of the word; `v3.2` is a version."""
    found = dict[str, frozenset[str]]()
    for word, number in _NUMBERED.findall(text):
        for key in content_words(word, language):
            found[key] = found.get(key, frozenset()) | {number}
    if versions := _VERSION.findall(text):
        (key,) = content_words("version", language) or ("version",)
        found[key] = found.get(key, frozenset()).union(versions)
    return found


def identifiers(text: str) -> frozenset[str]:
    """Return the versions, files and names of programs in a text, such as `8.4.1` and `tmp_path`, case folded."""
    return frozenset(each.casefold() for each in _COMPOUND.findall(text) if _IDENTIFYING.search(each))


def holds(said: Numbered, asked: Numbered) -> bool:
    """Return whether a text has everything that is asked for by its number."""
    return all(any(_is(each, number) for each in said.get(word, ()) for number in asked[word]) for word in asked)


def is_of_another(said: Numbered, asked: Numbered) -> bool:
    """Return whether a text has a word that is asked for with other numbers only."""
    return any(
        word in said and not any(_is(each, number) for each in said[word] for number in asked[word]) for word in asked
    )


def _is(number: str, asked: str) -> bool:
    """Return whether a number is the one asked for, or a version of it: 3.11 is a 3."""
    return number == asked or number.startswith(f"{asked}.")

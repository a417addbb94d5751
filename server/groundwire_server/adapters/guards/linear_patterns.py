"""Patterns of RE2: the time for a search grows in proportion to the text, no matter who wrote the pattern."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol, cast

import re2

from groundwire_server.domain.failure import GroundwireError

_MOST_BYTES: Final = 8 << 20
"""What one automaton may take; beyond it RE2 forgets states, and is slower."""

_FOUND: Final = "found"

_ONE_BYTE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\C")
_NO_BYTES: Final = r"\C matches bytes, which are no place in a text"


class _Match(Protocol):
    def span(self, group: int) -> tuple[int, int]: ...


class _Pattern(Protocol):
    groupindex: Mapping[str, int]

    def finditer(self, text: str) -> Iterator[_Match]: ...


class _Set(Protocol):
    def Add(self, pattern: str) -> int: ...  # noqa: N802  # RE2's own name

    def Compile(self) -> None: ...  # noqa: N802

    def Match(self, text: str) -> Sequence[int] | None: ...  # noqa: N802


class _Filter(Protocol):
    def Add(self, pattern: str, options: re2.Options) -> int: ...  # noqa: N802

    def Compile(self) -> None: ...  # noqa: N802

    def Match(self, text: str) -> Sequence[int] | None: ...  # noqa: N802

    def re(self, index: int) -> _Pattern: ...


class PatternError(GroundwireError):
    """A pattern that RE2 does not run: what is wrong with it, in its words."""


class LinearPatterns:
    """Patterns with a name each, of which one pass over a text says whether any is in it.

    Args:
        patterns: in RE2's syntax, by name. It is that of `re` without what needs time beyond the text's length: no
            references back, and nothing before or after a match that is not part of it.

    Raises:
        PatternError: for the first that cannot be run, or where all of them together cannot.
    """

    def __init__(self, patterns: Mapping[str, str]) -> None:
        self._names = tuple(patterns)
        options = _options()
        self._each: Sequence[_Pattern] = [_compiled(name, pattern) for name, pattern in patterns.items()]
        self._groups = [each.groupindex.get(_FOUND, 0) for each in self._each]
        self._any: _Set = cast("_Set", re2.Set.SearchSet(options))
        for pattern in patterns.values():
            self._any.Add(pattern)
        try:
            self._any.Compile()
        except re2.error:
            raise PatternError(f"{len(self._names)} patterns are too large together: leave some out") from None

    def __repr__(self) -> str:
        return f"LinearPatterns({len(self._names)})"

    def names_in(self, text: str) -> Sequence[str]:
        """Return the names of the patterns that a text has."""
        return [self._names[index] for index in self._any.Match(text) or ()]

    def find(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Yield the name, the start and the end of every stretch that a pattern matches; in code points.

        Where a pattern has a group `found`, that is the stretch. Those of one pattern come together, without overlap.
        """
        for index in self._any.Match(text) or ():
            for match in self._each[index].finditer(text):
                yield self._names[index], *match.span(self._groups[index])


class FilteredPatterns:
    """Long patterns with a name each, of which only those are tried whose words a text has.

    One automaton of them all, as `LinearPatterns` has it, is faster for short ones. That of long patterns has so many
    states that it forgets them as fast as it finds them.

    Args:
        patterns: in RE2's syntax, by name; for text in lower case.

    Raises:
        PatternError: for the first that cannot be run.
    """

    def __init__(self, patterns: Mapping[str, str]) -> None:
        self._names = tuple(patterns)
        self._filter = cast("_Filter", re2.Filter())
        options = _options()
        for name, pattern in patterns.items():
            try:
                self._filter.Add(pattern, options)
            except re2.error:
                # It keeps the reason to itself.
                _compiled(name, pattern)
                raise
        self._filter.Compile()
        self._each = [self._filter.re(index) for index in range(len(self._names))]

    def __repr__(self) -> str:
        return f"FilteredPatterns({len(self._names)})"

    def find(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Yield the name, the start and the end of every stretch that a pattern matches; in code points.

        Those of one pattern come together, and do not overlap.
        """
        for index in self._filter.Match(text) or ():
            for match in self._each[index].finditer(text):
                yield self._names[index], *match.span(0)


def check_pattern(pattern: str) -> None:
    """Let a pattern pass that can be run.

    Raises:
        PatternError: what is wrong with it.
    """
    _compiled("", pattern)


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MOST_BYTES
    return options


def _compiled(name: str, pattern: str) -> _Pattern:
    if _ONE_BYTE.search(pattern):
        raise PatternError(f"{name}: {_NO_BYTES}" if name else _NO_BYTES)
    try:
        return cast("_Pattern", re2.compile(pattern, _options()))
    except re2.error as error:
        said = error.args[0] if error.args else ""
        reason = said.decode() if isinstance(said, bytes) else str(said)
        raise PatternError(f"{name}: {reason}" if name else reason) from None

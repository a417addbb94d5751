"""What is wrong with a configuration: a line for each thing, with where it is and what would be right."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from groundwire_server.domain.failure import GroundwireError

Path: TypeAlias = tuple[str | int, ...]
"""Where a value is: keys, and indexes of lists."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        path: where in the configuration; empty for the whole of it.
        message: what is wrong, and what would be right.
        origin: the file and line, the variable or the flag that says it.
    """

    path: Path
    message: str
    origin: str = ""

    def __str__(self) -> str:
        line = ": ".join(part for part in (self.origin, dotted(self.path), self.message) if part)
        # A key may hold what steers a terminal.
        return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)


class InvalidConfigurationError(GroundwireError):
    """The configuration cannot be used.

    Attributes:
        problems: every one, in the order of the file, then of variables, then of flags.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def dotted(path: Path) -> str:
    """The path as people write it: `routes.default.models[0]`."""
    said = ""
    for part in path:
        said += f"[{part}]" if isinstance(part, int) else f".{part}" if said else part
    return said


def not_among(word: object, allowed: Collection[str], what: str) -> str:
    """A sentence for a word that is none of those allowed: with the nearest of them, and all."""
    folded = {each.casefold(): each for each in allowed}
    near = get_close_matches(str(word).casefold(), folded, n=1)
    guess = f"did you mean {folded[near[0]]}? " if near else ""
    listed = ", ".join(sorted(allowed)) or "none"
    return f"{what}; {guess}there {'is' if len(allowed) == 1 else 'are'}: {listed}"

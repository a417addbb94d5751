"""Errors of a configuration: one line each, with the place, what is wrong, and what would be right."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from groundwire_server.domain.failure import GroundwireError

Path: TypeAlias = tuple[str | int, ...]
"""The place of a value: keys, and indexes of lists."""


@dataclass(frozen=True, slots=True)
class ConfigError:
    """One error of a configuration.

    Attributes:
        path: the place of the value; empty for the whole configuration.
        message: what is wrong, and what would be right.
        origin: the file and line, the variable or the flag that set the value.
    """

    path: Path
    message: str
    origin: str = ""

    def __str__(self) -> str:
        line = ": ".join(part for part in (self.origin, dotted(self.path), self.message) if part)
        # A key may hold control sequences of a terminal.
        return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)


class InvalidConfigurationError(GroundwireError):
    """The configuration cannot be used.

    Attributes:
        errors: all of them, in the order of the file, then of variables, then of flags.
    """

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = tuple(errors)


def dotted(path: Path) -> str:
    """Return the path as people write it: `routes.default.models[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def check_tenant(path: Path, tenant: str, tenants: Collection[str] | None) -> Iterator[ConfigError]:
    """Yield an error where a tenant is named that does not exist.

    Args:
        path: of the name.
        tenant: the name.
        tenants: those that there are; None knows none by name, so that every name may be one.
    """
    if tenants is not None and tenant not in tenants:
        yield ConfigError(path, not_among(tenant, tenants, "there is no tenant of this name"))


def not_among(word: object, allowed: Collection[str], what: str) -> str:
    """Return a message about a word that is not allowed, with the nearest of the allowed words and all of them.

    Args:
        word: the word that is not allowed.
        allowed: the words that are.
        what: the beginning of the message.
    """
    folded = {each.casefold(): each for each in allowed}
    near = get_close_matches(str(word).casefold(), folded, n=1)
    guess = f"did you mean {folded[near[0]]}? " if near else ""
    listed = ", ".join(sorted(allowed)) or "none"
    return f"{what}; {guess}there {'is' if len(allowed) == 1 else 'are'}: {listed}"

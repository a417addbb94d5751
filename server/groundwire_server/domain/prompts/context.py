"""What a prompt holds beside the question and the passages: values with names, by where they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import auto
from typing import Final, TypeAlias

from groundwire_server.domain.fencing.leak import PromptWords
from groundwire_server.domain.vocabulary import Word

ContextValue: TypeAlias = str | tuple[str, ...] | tuple[tuple[str, str], ...]
"""A text, a list of texts, or a list of pairs such as terms with their meanings."""


class ContextSource(Word):
    """Where a block of context comes from."""

    TURNS = auto()
    CALLER = auto()
    GLOSSARY = auto()
    INSTRUCTIONS = auto()
    DATE = auto()
    LOCALE = auto()
    ENVIRONMENT = auto()
    EXAMPLES = auto()


UNTRUSTED: Final = frozenset({ContextSource.TURNS, ContextSource.CALLER, ContextSource.LOCALE})
"""Sources that others than the operator write: they stand behind a fence."""

LOCALE: Final = "locale"
"""The caller's value that a block of the source LOCALE shows unless it names another."""


class Keep(Word):
    """What remains of a block that is longer than its bound."""

    FIRST = auto()
    LAST = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class ContextBlock:
    """A block that a route declares.

    Attributes:
        name: of the template's variable.
        source: where it comes from.
        max_tokens: the most it may take of the prompt.
        keep: what remains where it is longer.
        key: the name within its source, such as that of a value of the caller's; empty takes the whole source. The key
            of a date is its time zone.
    """

    name: str
    source: ContextSource
    max_tokens: int
    keep: Keep = Keep.FIRST
    key: str = ""


@dataclass(frozen=True, slots=True)
class TrimmedBlock:
    """A block that was too long, for the trace.

    Attributes:
        tokens: what it had.
        kept: what is left.
    """

    name: str
    tokens: int
    kept: int


@dataclass(frozen=True, slots=True)
class PromptContext:
    """The values for one prompt.

    Attributes:
        trusted: of the operator's, by the names of the template's variables.
        untrusted: of others, which a template shows behind a fence.
        varying: the names of those of the operator's that depend on the question. The others are the same for every
            question of the tenant on that day.
        trimmed: the blocks that were too long.
        tokens: of all values.
        words: those of the instructions, which no answer says again.
    """

    trusted: Mapping[str, ContextValue]
    untrusted: Mapping[str, ContextValue]
    varying: frozenset[str] = frozenset()
    trimmed: tuple[TrimmedBlock, ...] = ()
    tokens: int = 0
    words: PromptWords = PromptWords()


def taken_by(block: ContextBlock) -> str | None:
    """Return the name of the caller's value that a block shows; None for a block that shows none, or several."""
    match block.source:
        case ContextSource.CALLER:
            return block.key or None
        case ContextSource.LOCALE:
            return block.key or LOCALE
        case _:
            return None


def caller_values(
    block: ContextBlock, blocks: Sequence[ContextBlock], values: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Return those of a caller's values that a block shows, by name: without a key those that no other block shows.

    Args:
        block: of the source CALLER or LOCALE.
        blocks: all of the route's.
        values: of the caller.
    """
    if (name := taken_by(block)) is not None:
        return tuple(each for each in values if each[0] == name)
    taken = {taken_by(each) for each in blocks}
    return tuple(each for each in values if each[0] not in taken)


NO_CONTEXT: Final = PromptContext({}, {})
"""For routes that declare none."""

"""What a prompt holds beside the question and the passages: values with names, by where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import auto
from typing import TypeAlias

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


UNTRUSTED: frozenset[ContextSource] = frozenset({ContextSource.TURNS, ContextSource.CALLER, ContextSource.LOCALE})
"""Sources that others than the operator write: they stand behind a fence."""


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
        key: the name within its source, such as that of a value of the caller's; empty takes the whole source.
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
        trimmed: the blocks that were too long.
    """

    trusted: Mapping[str, ContextValue]
    untrusted: Mapping[str, ContextValue]
    trimmed: tuple[TrimmedBlock, ...] = ()


NO_CONTEXT: PromptContext = PromptContext({}, {})
"""For routes that declare none."""

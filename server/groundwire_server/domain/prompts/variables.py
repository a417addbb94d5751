"""The variables of a template beside the question and its passages, as its front matter declares them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import auto
from typing import Final

from groundwire_server.domain.prompts.context import UNTRUSTED, ContextBlock, ContextSource, ContextValue
from groundwire_server.domain.vocabulary import Word

TURNS: Final = "turns"
"""The variable of earlier turns: every template has it, and a block of that name bounds it."""


class VariableType(Word):
    """What a variable holds."""

    TEXT = auto()
    LIST = auto()
    PAIRS = auto()

    @property
    def empty(self) -> ContextValue:
        """What a variable of this type holds where nothing is given."""
        return "" if self is VariableType.TEXT else ()


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a template.

    Attributes:
        required: whether a route that uses the template must declare a block for it. The block may still be empty.
        default: what it holds where a call has nothing for it; None is the empty value of its type.
        max_tokens: the most that a route may give it; None has no bound.
    """

    name: str
    type: VariableType
    required: bool = False
    default: ContextValue | None = None
    max_tokens: int | None = None

    @property
    def absent(self) -> ContextValue:
        """What it holds where a call has nothing for it."""
        return self.type.empty if self.default is None else self.default


def type_of(block: ContextBlock) -> VariableType:
    """Return the type of the value that a block yields."""
    match block.source:
        case ContextSource.CALLER | ContextSource.ENVIRONMENT:
            return VariableType.TEXT if block.key else VariableType.PAIRS
        case ContextSource.TURNS | ContextSource.GLOSSARY | ContextSource.EXAMPLES:
            return VariableType.PAIRS
        case ContextSource.INSTRUCTIONS | ContextSource.DATE | ContextSource.LOCALE:
            return VariableType.TEXT


def misfits(
    blocks: Sequence[ContextBlock], variables: Mapping[str, Variable], bare: Collection[str] = ()
) -> Iterator[str]:
    """Yield what keeps a template from being used with a route's blocks, one sentence each.

    Args:
        blocks: of the route.
        variables: of the template, by name.
        bare: those that the template does not show behind a fence.
    """
    by_name = {block.name: block for block in blocks}
    for variable in variables.values():
        block = by_name.get(variable.name)
        if block is None:
            if variable.required:
                yield f"the prompt requires {variable.name!r}: declare a block of that name under `context`"
            continue
        if variable.name in bare and block.source in UNTRUSTED:
            yield (
                f"the prompt shows {variable.name!r} outside a fence, and a block of the source {block.source.lower()} "
                "is written by callers: show it behind one, or take another source"
            )
        if (given := type_of(block)) is not variable.type:
            yield (
                f"the prompt takes {variable.name!r} as {variable.type.lower()}, and a block of the source "
                f"{block.source.lower()}{' with a key' if block.key else ''} is {given.lower()}"
            )
        if variable.max_tokens is not None and block.max_tokens > variable.max_tokens:
            yield (
                f"the prompt takes at most {variable.max_tokens} tokens of {variable.name!r}, and the block has "
                f"{block.max_tokens}: lower its `max_tokens`"
            )


def unused(blocks: Sequence[ContextBlock], variables: Mapping[str, Variable]) -> Sequence[str]:
    """Return the names of blocks that a template does not show, in their order."""
    return [block.name for block in blocks if block.name != TURNS and block.name not in variables]

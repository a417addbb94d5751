"""What is left of a block of context that is longer than its bound."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from groundwire_server.domain.prompts.context import Keep

T = TypeVar("T")

Count: TypeAlias = Callable[[str], int]
"""Returns the tokens of a text."""


def trimmed_text(text: str, most: int, keep: Keep, count: Count) -> str:
    """Return what is kept of a text: as many whole words of its beginning, or of its end, as the bound has room for.

    Args:
        text: that does not fit.
        most: the tokens that it may have.
        keep: which part of it.
        count: counts tokens.
    """
    match keep:
        case Keep.NOTHING:
            return ""
        case Keep.FIRST:
            end = _longest(len(text), lambda length: count(text[:length]) <= most)
            return text[: _word_end(text, end)].rstrip()
        case Keep.LAST:
            length = _longest(len(text), lambda length: count(text[len(text) - length :]) <= most)
            turned = text[::-1]
            return turned[: _word_end(turned, length)][::-1].lstrip()


def trimmed_items(items: Sequence[T], most: int, keep: Keep, tokens: Callable[[T], int]) -> tuple[tuple[T, ...], int]:
    """Return what is kept of a list, and its tokens: whole items alone, up to the first that the bound has no room for.

    Args:
        items: all of them; they may fit.
        most: the tokens that all may have.
        keep: from which end; NOTHING keeps all or none.
        tokens: counts those of an item.
    """
    kept: list[T] = []
    spent = 0
    for item in reversed(items) if keep is Keep.LAST else items:
        cost = tokens(item)
        if spent + cost > most:
            if keep is Keep.NOTHING:
                return (), 0
            break
        kept.append(item)
        spent += cost
    return tuple(reversed(kept) if keep is Keep.LAST else kept), spent


def _longest(most: int, fits: Callable[[int], bool]) -> int:
    """Return the greatest length that fits, where all that are shorter fit as well."""
    least = 0
    while least < most:
        middle = (least + most + 1) // 2
        if fits(middle):
            least = middle
        else:
            most = middle - 1
    return least


def _word_end(text: str, end: int) -> int:
    """Return where the last whole word before a place ends, or the place itself where no space parts words."""
    if end >= len(text) or text[end].isspace():
        return end
    before = max(text.rfind(space, 0, end) for space in " \n\t")
    return before if before > 0 else end

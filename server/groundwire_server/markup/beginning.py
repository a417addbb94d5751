"""The beginning of a Markdown text, cut where its structure allows it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from groundwire_server.domain.text.sentences import whole_sentences
from groundwire_server.markup.blocks import Block, BlockKind, blocks

EXCERPT: Final = 320
"""Code points that an excerpt has unless its first block is longer, which has up to twice as many."""

_FENCES: Final = ("```", "~~~")


def cut_to_fit(text: str, fits: Callable[[str], bool]) -> str:
    """Return as many whole blocks of a text as fit, and of the next one whole sentences, items, rows or lines of code.

    Args:
        text: Markdown that does not fit.
        fits: whether a beginning of it does; one that is shorter than another that fits does as well.
    """
    end = 0
    for block in blocks(text):
        if not fits(text[: block.end]):
            return text[: _part_that_fits(text, block, fits) or end]
        if block.kind is not BlockKind.HEADING:
            end = block.end
    return text[:end]


def excerpt(text: str) -> str:
    """Return the first blocks of a text that can stand for it, without the headings above them.

    A lead-in is not the last of them, where something follows. A block that is much too long is cut, and ends in `…`.
    """
    shown = [block for block in blocks(text) if block.kind is not BlockKind.HIDDEN]
    first = next((number for number, block in enumerate(shown) if block.kind is not BlockKind.HEADING), 0)
    start = end = shown[first].start if shown else 0
    for block in shown[first:]:
        if block.kind is BlockKind.HEADING and block.start > start:
            break
        if block.end - start > EXCERPT:
            if end == start or text[start:end].rstrip().endswith(":"):
                return _with_part(text, start, block)
            break
        end = block.end
    return text[start:end].strip("\r\n")


def _with_part(text: str, start: int, block: Block) -> str:
    """Return a text up to a block, and of that what fits."""
    if block.end - start <= 2 * EXCERPT:
        return text[start : block.end].strip("\r\n")
    end = _part_that_fits(text, block, lambda beginning: len(beginning) - start < 2 * EXCERPT)
    found = text[start : end or start + 2 * EXCERPT - 2].strip("\r\n").rstrip()
    match block.kind:
        case BlockKind.CODE:
            fence = text[block.start :].lstrip()[:3]
            return f"{found}\n{fence}\n\n…" if fence in _FENCES else f"{found}\n\n…"
        case BlockKind.LIST | BlockKind.TABLE:
            return f"{found}\n\n…"
        case _:
            return f"{found} …"


def _part_that_fits(text: str, block: Block, fits: Callable[[str], bool]) -> int:
    """Return where the last part of a block ends that fits; 0 where none does."""
    found = 0
    for end in _ends(text, block):
        if not fits(text[:end]):
            break
        found = end
    return found


def _ends(text: str, block: Block) -> Iterator[int] | Sequence[int]:
    match block.kind:
        case BlockKind.LIST | BlockKind.TABLE if block.parts:
            return [part.end for part in block.parts]
        case BlockKind.CODE:
            return _ends_of_lines(text, block)
        case _:
            # The last sentence is whole where all of it fits.
            return [block.start + end for _, end in whole_sentences(text[block.start : block.end])]


def _ends_of_lines(text: str, block: Block) -> Iterator[int]:
    # A fence without a line of code below it says nothing.
    fenced = text.startswith(_FENCES, block.start)
    end = text.find("\n", block.start, block.end)
    while end >= 0:
        if not fenced:
            yield end
        fenced = False
        end = text.find("\n", end + 1, block.end)

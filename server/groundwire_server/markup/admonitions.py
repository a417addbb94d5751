"""What is within an admonition: blocks of their own, below a line that names it."""

import re
from bisect import bisect_right
from typing import Final

from groundwire_server.markup.blocks import Block, BlockKind, Stretch, blocks

_OPENING: Final = re.compile(r" {0,3}(?:!!!|\?\?\?\+?) ")
_INDENTATION: Final = re.compile(r" {0,4}")


def opened(text: str, block: Block) -> list[Block]:
    """Return the blocks within an admonition, whole lines with their indentation; any other block by itself.

    Args:
        text: has the block.
        block: of the outermost level.
    """
    if block.kind is not BlockKind.QUOTE or not _OPENING.match(text, block.start):
        return [block]
    first, *lines = text[block.start : block.end].splitlines(keepends=True)
    indentations = [_INDENTATION.match(line) for line in lines]
    inner = _Inner(block.start + len(first), [found.end() if found else 0 for found in indentations], lines)
    return [inner.placed(each) for each in blocks(inner.text)]


class _Inner:
    """The lines of an admonition without their indentation.

    Args:
        start: of the first in the outer text.
        indentations: how much each has.
        lines: with it.
    """

    def __init__(self, start: int, indentations: list[int], lines: list[str]) -> None:
        self.text = "".join(line[removed:] for line, removed in zip(lines, indentations, strict=True))
        self._starts = list[tuple[int, int]]()
        """Of each line, in this text and in the outer one."""

        self._removed = indentations
        within = 0
        for line, removed in zip(lines, indentations, strict=True):
            self._starts.append((within, start))
            within += len(line) - removed
            start += len(line)

    def placed(self, block: Block) -> Block:
        """Return a block of this text where it stands in the outer one."""
        whole = self._stretch(Stretch(block.start, block.end))
        return Block(
            whole.start,
            whole.end,
            block.kind,
            block.level,
            block.title,
            tuple(map(self._stretch, block.parts)),
            None if block.header is None else self._stretch(block.header),
        )

    def _stretch(self, stretch: Stretch) -> Stretch:
        place = self._line(stretch.start)
        within, start = self._starts[place]
        # A block begins with its line, so that all of its lines have the same indentation.
        begins = start if stretch.start == within else start + self._removed[place] + stretch.start - within
        place = self._line(stretch.end - 1)
        within, start = self._starts[place]
        return Stretch(begins, start + self._removed[place] + stretch.end - within)

    def _line(self, position: int) -> int:
        return bisect_right(self._starts, max(position, 0), key=lambda start: start[0]) - 1

"""Long texts as inputs of a model that reads short ones."""

from collections.abc import Iterator
from typing import Final

_CONTINUES: Final = 0b10
"""The first two bits of a byte of UTF-8 that begins no character."""


def windows(text: str, size: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches into which a text is cut, in code points.

    Args:
        text: without halves of surrogate pairs.
        size: bytes of UTF-8 in a stretch, at most.
        overlap: bytes that two neighbours share, at least but for the rest of a character.
    """
    data = text.encode()
    narrow = len(data) == len(text)
    start = begin = 0
    while True:
        end = _boundary(data, start + size)
        stop = end if narrow else begin + len(data[start:end].decode())
        yield begin, stop
        if end == len(data):
            return
        following = _boundary(data, end - overlap)
        begin = following if narrow else stop - len(data[following:end].decode())
        start = following


def _boundary(data: bytes, at: int) -> int:
    """Return where the character begins that has this byte; the end of the data where there is none."""
    if at >= len(data):
        return len(data)
    while data[at] >> 6 == _CONTINUES:
        at -= 1
    return at

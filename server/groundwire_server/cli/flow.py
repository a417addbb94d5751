"""Wraps text to a width as it arrives, word by word."""

import re

from rich.cells import cell_len

_TOKEN = re.compile(r"\s+|\S+")


class Flow:
    """A line breaker; a word is held back until it is complete.

    Attributes:
        lines: how many lines were ended.
    """

    def __init__(self, width: int) -> None:
        self._width = max(width, 1)
        self._column = 0
        self._gap = ""
        self._word = ""
        self.lines = 0

    def feed(self, text: str) -> str:
        """Take the next piece; return what can be printed now."""
        out = []
        for token in _TOKEN.findall(text):
            if token.isspace():
                out.append(self.rest())
                self._gap += token
            else:
                self._word += token
        return "".join(out)

    def rest(self) -> str:
        """Return the word that was held back."""
        if not self._word:
            return ""
        word, gap = self._word, self._gap
        self._word = self._gap = ""
        size = cell_len(word)
        breaks = gap.count("\n")
        if breaks:
            lead = "\n" * min(breaks, 2)  # paragraphs stay paragraphs
        elif gap and self._column and self._column + 1 + size > self._width:
            lead = "\n"
        else:
            lead = " " if gap and self._column else ""
        self.lines += lead.count("\n")
        self._column = (0 if "\n" in lead else self._column + len(lead)) + size
        # A word wider than the terminal is broken by the terminal itself.
        self.lines += max(self._column - 1, 0) // self._width
        self._column = (self._column - 1) % self._width + 1
        return lead + word

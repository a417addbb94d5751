"""The terminal that commands print on."""

import os
import re
import sys
from typing import NoReturn

from rich.console import Console
from rich.text import Text

from groundwire_server.cli.exits import leave_closed_pipe

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
    # Tags hold words that nobody sees; those of a flag do not.
    "|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]+"
)


class Terminal(Console):
    """A console that prints text as it is, and ends the command quietly when its output is closed."""

    def __init__(self, *, stderr: bool = False, width: int | None = None) -> None:
        columns, lines = (width, None) if width else _size_of_dumb(stderr=stderr)
        super().__init__(stderr=stderr, width=columns, height=lines, highlight=False, markup=False, emoji=False)

    def on_broken_pipe(self) -> NoReturn:
        """End the command; what is still buffered is discarded."""
        self.quiet = True
        leave_closed_pipe()

    def hang(self, lead: Text, text: Text) -> None:
        """Print a text after a lead, with its further lines indented under the first."""
        indent = lead.cell_len
        for number, line in enumerate(text.wrap(self, max(self.width - indent, 1))):
            line.rstrip()
            self.print(Text.assemble(lead if number == 0 else " " * indent, line), no_wrap=True, overflow="ignore")


def _size_of_dumb(*, stderr: bool) -> tuple[int | None, int | None]:
    """Return columns and lines of a dumb terminal; rich assumes 80 by 25 for every one."""
    if os.environ.get("TERM", "").lower() not in {"dumb", "unknown"}:
        return None, None
    try:
        columns, lines = os.get_terminal_size((sys.stderr if stderr else sys.stdout).fileno())
    except (OSError, ValueError):
        columns, lines = 0, 0
    said = os.environ.get("COLUMNS", "")
    return int(said) if said.isdecimal() else columns or 80, lines or 25


def printable(text: str) -> str:
    """Return foreign text without what could control the terminal or reorder a line, and without hidden words.

    Newlines and tabs stay.
    """
    return _CONTROL.sub("�", text)


def one_line(text: str) -> str:
    """Return foreign text on one line."""
    return " ".join(printable(text).split())

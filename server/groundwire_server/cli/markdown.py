"""Draws Markdown on a terminal while it arrives."""

from collections.abc import Sequence

from markdown_it import MarkdownIt
from rich.control import Control
from rich.markdown import Markdown
from rich.segment import ControlType, Segment, Segments

from groundwire_server.cli.console import Terminal, printable


class ForeignMarkdown(Markdown):
    """Markdown of others: HTML in it is shown as it is, and a link with its address."""

    def __init__(self, text: str) -> None:
        super().__init__(text, code_theme="ansi_dark", hyperlinks=False)
        # Left to itself, rich leaves HTML out, with all that is in it.
        self.parsed = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"]).parse(text)


class Drawing:
    """A text on the terminal, drawn anew from the first line that has changed.

    Args:
        console: a terminal.
    """

    def __init__(self, console: Terminal) -> None:
        self._console = console
        self._lines: list[list[Segment]] = []
        self._text = ""

    @property
    def erasable(self) -> bool:
        """Whether all of it is still on the screen."""
        return len(self._lines) < self._console.height

    def draw(self, text: str) -> None:
        """Draw a text in the place of the last one; what has scrolled away stays as it is.

        A dumb terminal cannot go back: there, the text is drawn at the end.
        """
        self._text = text
        if not self._console.is_dumb_terminal:
            self._draw()

    def leave(self) -> None:
        """Leave what was drawn as it is, and begin after it."""
        if self._console.is_dumb_terminal:
            self._draw()
        if self._lines:
            self._console.print()
        self._lines, self._text = [], ""

    def _draw(self) -> None:
        lines = self._rendered(self._text)
        same = next(
            (number for number, (one, other) in enumerate(zip(lines, self._lines, strict=False)) if one != other),
            min(len(lines), len(self._lines)),
        )
        if same == len(lines) == len(self._lines):
            return
        first = max(same, len(self._lines) - self._console.height + 1)
        # The cursor is in the last line, which may go on.
        below = len(self._lines) - first
        if below > 0:
            self._erase(below)
        elif self._lines:
            self._console.print(Segments([Segment.line()]), end="")
        fresh = lines[first:]
        if not fresh and first:
            self._console.control(Control((ControlType.CURSOR_UP, 1)))
        for number, line in enumerate(fresh):
            ending = [] if number == len(fresh) - 1 else [Segment.line()]
            self._console.print(Segments([*line, *ending]), end="", no_wrap=True, overflow="ignore", crop=False)
        self._lines = lines

    def _rendered(self, text: str) -> list[list[Segment]]:
        if not text.strip():
            return []
        rendered = self._console.render_lines(ForeignMarkdown(printable(text)), pad=False)
        lines = [_without_end(line) for line in rendered]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _erase(self, count: int) -> None:
        """Erase the last lines; the cursor is then at the beginning of the first of them."""
        up = [(ControlType.CURSOR_UP, count - 1)] if count > 1 else []
        self._console.control(Control(*up, ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))
        for _ in range(count - 1):
            self._console.control(Control((ControlType.CURSOR_DOWN, 1), (ControlType.ERASE_IN_LINE, 2)))
        self._console.control(Control(*up))


def _without_end(line: Sequence[Segment]) -> list[Segment]:
    """Return a line without the white space at its end that has no colour behind it."""
    kept = list(Segment.simplify(line))
    while kept:
        last = kept[-1]
        if last.style is not None and last.style.bgcolor is not None:
            break
        text = last.text.rstrip()
        if text:
            kept[-1] = Segment(text, last.style)
            break
        kept.pop()
    return kept

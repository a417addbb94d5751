"""A terminal to look at."""

from io import StringIO

from groundwire_server.cli.console import Terminal


class Screen:
    """A terminal of a few lines that understands what the command sends it."""

    def __init__(self, width: int, terminal: bool, height: int = 24) -> None:
        self.console = Terminal(width=width)
        self.console.file = self._written = StringIO()
        if terminal:
            self.console._force_terminal = True
            self.console.legacy_windows = False
            self.console._height = height

    @property
    def raw(self) -> str:
        return self._written.getvalue()

    def lines(self) -> list[str]:
        """What is to be seen."""
        lines, row, column, rest = [""], 0, 0, self.raw
        while rest:
            character, rest = rest[0], rest[1:]
            if character == "\n":
                row, column = row + 1, 0
                lines += [""] * (row + 1 - len(lines))
            elif character == "\r":
                column = 0
            elif character == "\x1b":
                end = next(index for index, each in enumerate(rest) if each.isalpha())
                sequence, rest = rest[1 : end + 1], rest[end + 1 :]
                match sequence[-1]:
                    case "A":
                        row -= int(sequence[:-1])
                    case "B":
                        row += int(sequence[:-1])
                    case "K":
                        lines[row] = ""
                    case _:
                        pass  # colours and the like
            else:
                lines[row] = lines[row][:column].ljust(column) + character + lines[row][column + 1 :]
                column += 1
        return lines

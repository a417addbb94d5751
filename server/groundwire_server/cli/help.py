"""The layout of the help: arguments, options, examples."""

from collections.abc import Iterable
from typing import Any

from typer.core import TyperCommand


class PlainCommand(TyperCommand):
    """A command whose help names an argument by its word alone, without braces and its Python type."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what follows the command's name in the usage line."""
        return [piece.translate({ord("{"): None, ord("}"): None}) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and the options."""
        listed: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            if parameter.param_type_name == "argument":
                listed["Arguments"].append((parameter.metavar or record[0], record[1]))
            else:
                listed["Options"].append(record)
        for title, rows in listed.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def first_sentence(text: str) -> str:
    """Return the first sentence of a docstring, on one line."""
    paragraph = " ".join(text.partition("\n\n")[0].split())
    return paragraph.partition(". ")[0].rstrip(".") + "." if paragraph else ""


def epilog(examples: Iterable[str], after: str = "") -> str:
    """Return examples, one a line, and a paragraph after them."""
    listed = "\n".join(f"  {example}" for example in examples)
    # \b keeps the lines of a paragraph as they are.
    return f"\b\nExamples:\n{listed}" + (f"\n\n{after}" if after else "")

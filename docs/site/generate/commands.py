"""The reference of the command: every subcommand with its arguments, options and examples, read from the command."""

import ast
import inspect
import itertools
import textwrap
from collections.abc import Iterator
from typing import Any

import typer

from docs.site.generate import markdown
from groundwire_server.cli import exits
from groundwire_server.cli.main import application


def page() -> str:
    """Return the page."""
    command = typer.main.get_command(application())
    return markdown.page(
        "Commands",
        "`groundwire COMMAND --help` prints the same. An option's environment variable is used when the option is not "
        "given.",
        *(section for name, path in _walk(command, "groundwire") for section in _command(name, path)),
        "## Exit codes",
        markdown.table(["code", "name", "meaning"], exit_codes()),
    )


def exit_codes() -> Iterator[tuple[str, str, str]]:
    """Yield each exit code with its name and the sentence under it in `cli/exits.py`."""
    (words,) = ast.parse(textwrap.dedent(inspect.getsource(exits.ExitCode))).body
    body = words.body if isinstance(words, ast.ClassDef) else []
    for named, said in itertools.pairwise(body):
        match named, said:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                yield f"{exits.ExitCode[name].value}", name, markdown.prose(text)
            case _:
                pass


def _walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the subcommands in the order of the help, without the groups themselves."""
    subcommands = getattr(command, "commands", None)
    if subcommands is None:
        yield path, command
        return
    for name, subcommand in subcommands.items():
        if not subcommand.hidden:
            yield from _walk(subcommand, f"{path} {name}")


def _command(path: str, command: Any) -> Iterator[str]:
    *names, name = path.split()
    context = typer.Context(command, info_name=name, parent=_parent(names))
    yield f"## {path}"
    yield "\n\n".join(markdown.prose(" ".join(part.split())) for part in (command.help or "").split("\n\n"))
    yield f"```text\n{' '.join([path, *command.collect_usage_pieces(context)])}\n```"
    rows = [(markdown.code(given), markdown.prose(said)) for given, said in _parameters(command, context)]
    yield markdown.table(["argument or option", "meaning"], rows) if rows else ""
    examples = [line.strip() for line in (command.epilog or "").splitlines() if line.startswith("  ")]
    yield "\n".join(["```sh", *examples, "```"]) if examples else ""


def _parent(names: list[str]) -> typer.Context | None:
    context = None
    for name in names:
        context = typer.Context(typer.main.get_command(application()), info_name=name, parent=context)
    return context


def _parameters(command: Any, context: typer.Context) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or parameter.name == "help":
            continue
        given, said = record
        # An argument's help record contains its Python type.
        yield parameter.metavar or given if parameter.param_type_name == "argument" else given, said

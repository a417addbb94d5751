"""The edge of the command line: every exception becomes a line and an exit code."""

import inspect
import io
import os
import shutil
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from groundwire_server.cli.commands.catalogue import commands, groups
from groundwire_server.cli.commands.group import Command, Examples, Group
from groundwire_server.cli.connection import VARIABLES, is_connected
from groundwire_server.cli.exits import EXPLAINED, CommandError, ExitCode, leave_closed_pipe
from groundwire_server.cli.help import PlainCommand, epilog, first_sentence


class _Commands(TyperGroup):
    """Commands that end quietly when the reader of their output closes the pipe."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            leave_closed_pipe()
        return result


def _defaulting(default: str) -> type[_Commands]:
    """Return a group of commands in which one is meant where the first word names none."""

    class Defaulting(_Commands):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
                args = [default, *args]
            return super().parse_args(ctx, args)

    return Defaulting


def application() -> typer.Typer:
    """Return the command with its subcommands."""
    app = typer.Typer(
        name="groundwire",
        cls=_Commands,
        help="Answers questions from your documents, with citations, or says why it cannot.",
        epilog=epilog(
            ("groundwire demo", 'groundwire serve & groundwire ingest docs/ && groundwire ask "…"'), after=EXPLAINED
        ),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        # Plain help reads well at any width, in a pipe and without colour, and starts in half the time.
        rich_markup_mode=None,
        # The default is never narrower than 50 columns.
        context_settings={"terminal_width": min(max(shutil.get_terminal_size().columns, 20), 80)},
    )
    for command, examples in commands().items():
        _add(app, command, None, examples)
    for group in groups():
        app.add_typer(_typer(group))
    return app


def _typer(group: Group) -> typer.Typer:
    every = [examples[0] for _, examples in group.commands.values()]
    app = typer.Typer(
        name=group.name,
        help=group.help,
        short_help=group.help,
        epilog=epilog(every),
        no_args_is_help=True,
        rich_markup_mode=None,
        cls=_defaulting(group.default) if group.default else _Commands,
    )
    for command, (name, examples) in group.commands.items():
        _add(app, command, name, examples)
    return app


def _add(app: typer.Typer, command: Command, name: str | None, examples: Examples) -> None:
    """Add a command; one that needs arguments shows its help without them."""
    needs = any(
        each.default is inspect.Parameter.empty and each.annotation is not typer.Context
        for each in inspect.signature(command).parameters.values()
    )
    after = VARIABLES if is_connected(command) else ""
    # Given here, so that a list of commands wraps it; by default it is cut off.
    short = first_sentence(command.__doc__ or "")
    app.command(name, cls=PlainCommand, short_help=short, epilog=epilog(examples, after), no_args_is_help=needs)(
        command
    )


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: what follows the command's name; this process's when None.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows a question mark
    try:
        ended = typer.main.get_command(application()).main(
            list(arguments) if arguments is not None else None, prog_name="groundwire", standalone_mode=False
        )
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else ExitCode.OK
    except TyperException as wrong:
        _say_wrong(wrong)
        return ExitCode.USAGE
    except typer.Abort:
        return ExitCode.INTERRUPTED
    except CommandError as stop:
        for line in (*stop.before, stop.message):
            _say(line)
        return stop.code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as defect:
        if os.environ.get("GROUNDWIRE_TRACEBACK"):
            raise
        _say(f"internal error: {type(defect).__name__}: {defect}; report it, with GROUNDWIRE_TRACEBACK=1 set")
        return ExitCode.FAILED
    return ended if isinstance(ended, int) else ExitCode.OK


def _say_wrong(wrong: Any) -> None:
    """Print what is wrong with the command line and where its help is, or the help itself without arguments."""
    told = wrong.format_message().replace("Value error, ", "")  # typer's own checks raise through pydantic
    if told.startswith("Usage:"):
        print(told, file=sys.stderr)
        return
    path = wrong.ctx.command_path if wrong.ctx is not None else "groundwire"
    _say(f"{told} See `{path} --help`" if told.endswith("?") else f"{told.rstrip('.')}; see `{path} --help`")


def _say(message: str) -> None:
    """Print one line on standard error."""
    print("groundwire:", " ".join(message.split()), file=sys.stderr)

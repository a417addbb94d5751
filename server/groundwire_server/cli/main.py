"""The command line: its commands, and its edge, where everything that is raised becomes a line and an exit code."""

import inspect
import io
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import typer
from typer.core import TyperGroup

from groundwire_server.cli import keys
from groundwire_server.cli.ask import ask
from groundwire_server.cli.connection import VARIABLES, is_connected
from groundwire_server.cli.demo.command import demo
from groundwire_server.cli.doctor.command import doctor
from groundwire_server.cli.documents import commands as documents
from groundwire_server.cli.exits import EXPLAINED, ExitCode, Stop
from groundwire_server.cli.help import epilog
from groundwire_server.cli.ingest import ingest
from groundwire_server.cli.pipes import leave_closed_pipe
from groundwire_server.cli.retrieve import retrieve
from groundwire_server.cli.serve import serve
from groundwire_server.cli.version import version

Examples: TypeAlias = tuple[str, ...]

_COMMANDS: dict[Callable[..., None], Examples] = {
    serve: ("groundwire serve", "groundwire serve --listen 127.0.0.1:6000 --data ./store"),
    ask: (
        'groundwire ask "Who may sign for parcels?"',
        'groundwire ask "Who may sign for parcels?" --trace',
        'groundwire ask "Who may sign for parcels?" --json | jq -r .cause',
    ),
    retrieve: (
        'groundwire retrieve "Who may sign for parcels?"',
        'groundwire retrieve "Who may sign for parcels?" --top-k 3 --full',
        'groundwire retrieve "parcels" --json | jq -r ".passages[].chunkId"',
    ),
    ingest: (
        "groundwire ingest handbook/ faq.md",
        "groundwire ingest 'docs/**/*.md' --principal staff --principal hr",
        "groundwire ingest documents.jsonl --dry-run",
        "curl -s https://example.com/faq.md | groundwire ingest - --id faq.md",
    ),
    doctor: ("groundwire doctor", "groundwire doctor --server 127.0.0.1:6000 --json"),
    demo: ("groundwire demo", "groundwire demo --fresh"),
    version: ("groundwire version",),
}

_DOCUMENTS: dict[Callable[..., None], tuple[str, Examples]] = {
    documents.list_: (
        "list",
        ("groundwire documents list", "groundwire documents list | cut -f 1", "groundwire documents list --json"),
    ),
    documents.get: (
        "get",
        ("groundwire documents get faq.md", "groundwire documents get faq.md --text > faq.md"),
    ),
    documents.delete: (
        "delete",
        ("groundwire documents delete faq.md", "groundwire documents delete faq.md old.md --yes"),
    ),
}

_KEYS: dict[Callable[..., None], tuple[str, Examples]] = {
    keys.create: (
        "create",
        (
            "groundwire keys create --tenant acme --subject search-page --role reader",
            "groundwire keys create --tenant acme --subject importer --role writer --principal staff --expires 52w",
        ),
    ),
    keys.list_: ("list", ("groundwire keys list", "groundwire keys list --json | jq -r .id")),
    keys.revoke: ("revoke", ("groundwire keys revoke 5f0c9a1be37d",)),
}


class _Commands(TyperGroup):
    """Commands that end quietly when nobody reads on what they print."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            leave_closed_pipe()
        return result


def application() -> typer.Typer:
    """The command with its subcommands."""
    app = typer.Typer(
        name="groundwire",
        cls=_Commands,
        help="Answers from your documents, with citations; or why there is none.",
        epilog=epilog(
            ("groundwire demo", 'groundwire serve & groundwire ingest docs/ && groundwire ask "…"'), after=EXPLAINED
        ),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        # Plain help: it reads well at any width, in a pipe and without colour, and starts in half the time.
        rich_markup_mode=None,
        # Left alone, help is never narrower than 50 columns.
        context_settings={"terminal_width": min(max(shutil.get_terminal_size().columns, 20), 80)},
    )
    for function, examples in _COMMANDS.items():
        _add(app, function, None, examples)
    app.add_typer(_group("documents", "See what is stored, and delete it.", _DOCUMENTS))
    app.add_typer(_group("keys", "Make, list and revoke API keys.", _KEYS))
    return app


def _group(name: str, says: str, commands: Mapping[Callable[..., None], tuple[str, Examples]]) -> typer.Typer:
    every = [example for _, examples in commands.values() for example in examples[:1]]
    group = typer.Typer(
        name=name, help=says, epilog=epilog(every), no_args_is_help=True, rich_markup_mode=None, cls=_Commands
    )
    for function, (command, examples) in commands.items():
        _add(group, function, command, examples)
    return group


def _add(app: typer.Typer, function: Callable[..., None], name: str | None, examples: Examples) -> None:
    """Add a command; one that cannot run without arguments shows its help when there are none."""
    needs = any(each.default is inspect.Parameter.empty for each in inspect.signature(function).parameters.values())
    after = VARIABLES if is_connected(function) else ""
    app.command(name, epilog=epilog(examples, after), no_args_is_help=needs)(function)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: what follows the command's name; this process's when None.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows a question mark
    try:
        typer.main.get_command(application()).main(
            list(arguments) if arguments is not None else None, prog_name="groundwire"
        )
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else ExitCode.OK
    except Stop as stop:
        _say(stop.message)
        return stop.code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as defect:
        if os.environ.get("GROUNDWIRE_TRACEBACK"):
            raise
        _say(f"a defect: {type(defect).__name__}: {defect}; set GROUNDWIRE_TRACEBACK=1 to see where, and report it")
        return ExitCode.FAILED
    return ExitCode.OK


def _say(message: str) -> None:
    """One line on standard error."""
    print("groundwire:", " ".join(message.split()), file=sys.stderr)

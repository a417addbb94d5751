"""The command line: its commands, and its edge, where everything that is raised becomes a line and an exit code."""

import io
import os
import sys
from collections.abc import Callable, Sequence

import typer

from groundwire_server.cli import keys
from groundwire_server.cli.ask import ask
from groundwire_server.cli.demo.command import demo
from groundwire_server.cli.exits import EXPLAINED, ExitCode, Stop
from groundwire_server.cli.help import epilog
from groundwire_server.cli.ingest import ingest
from groundwire_server.cli.serve import serve
from groundwire_server.cli.version import version

_COMMANDS: dict[Callable[..., None], tuple[str, ...]] = {
    serve: ("groundwire serve", "groundwire serve --listen 127.0.0.1:6000 --data ./store"),
    ask: (
        'groundwire ask "Who may sign for parcels?"',
        'groundwire ask "Who may sign for parcels?" --trace',
        'groundwire ask "Who may sign for parcels?" --json | jq -r .cause',
    ),
    ingest: (
        "groundwire ingest handbook/ faq.md",
        "groundwire ingest 'docs/**/*.md' --principal staff --principal hr",
        "groundwire ingest documents.jsonl --server 127.0.0.1:6000",
    ),
    demo: ("groundwire demo", "groundwire demo --fresh"),
    version: ("groundwire version",),
}


_KEYS: dict[Callable[..., None], tuple[str, tuple[str, ...]]] = {
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


def application() -> typer.Typer:
    """The command with its subcommands."""
    app = typer.Typer(
        name="groundwire",
        help="Answers from your documents, with citations; or why there is none.",
        epilog=epilog(
            ("groundwire demo", 'groundwire serve & groundwire ingest docs/ && groundwire ask "…"'), after=EXPLAINED
        ),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        # Plain help: it reads well at any width, in a pipe and without colour, and starts in half the time.
        rich_markup_mode=None,
    )
    for function, examples in _COMMANDS.items():
        app.command(epilog=epilog(examples), no_args_is_help=function in {ask, ingest})(function)
    app.add_typer(_keys())
    return app


def _keys() -> typer.Typer:
    every = [example for _, examples in _KEYS.values() for example in examples[:1]]
    group = typer.Typer(
        name="keys",
        help="Make, list and revoke API keys.",
        epilog=epilog(every),
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    for function, (name, examples) in _KEYS.items():
        group.command(name, epilog=epilog(examples), no_args_is_help=function is not keys.list_)(function)
    return group


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

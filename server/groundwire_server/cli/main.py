"""The command line: its commands, and its edge, where everything that is raised becomes a line and an exit code."""

import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import typer

from groundwire_server.cli import config, keys
from groundwire_server.cli.ask import ask
from groundwire_server.cli.bench.command import bench
from groundwire_server.cli.demo.command import demo
from groundwire_server.cli.exits import EXPLAINED, ExitCode, Stop
from groundwire_server.cli.help import epilog
from groundwire_server.cli.ingest import ingest
from groundwire_server.cli.serve import serve
from groundwire_server.cli.version import version

_COMMANDS: dict[Callable[..., None], tuple[str, ...]] = {
    serve: (
        "groundwire serve",
        "groundwire serve --config /etc/groundwire/groundwire.yaml",
        "groundwire serve --listen 127.0.0.1:6000 --data ./store",
    ),
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
    bench: (
        'groundwire bench --question "Who may sign for parcels?"',
        "groundwire bench --questions questions.txt --calls 500 --callers 8 --html load.html",
        "groundwire bench --kind retrieve --questions questions.txt --json | jq .latency_ms.p95",
    ),
    version: ("groundwire version",),
}


_NEEDS_ARGUMENTS = frozenset({ask, bench, ingest, keys.create, keys.revoke})
"""Commands that show their help when they are called without arguments."""


class _Group(NamedTuple):
    """Commands under one word, each with its own word and examples."""

    name: str
    help: str
    commands: Mapping[Callable[..., None], tuple[str, tuple[str, ...]]]


_GROUPS = (
    _Group(
        "config",
        "Write, check and show the configuration.",
        {
            config.init: ("init", ("groundwire config init", "groundwire config init /etc/groundwire/groundwire.yaml")),
            config.check: ("check", ("groundwire config check", "groundwire config check --config new.yaml")),
            config.show: (
                "show",
                ("groundwire config show", "groundwire config show --json | jq '.[\"server.listen\"]'"),
            ),
            config.schema: ("schema", ("groundwire config schema > groundwire.schema.json",)),
        },
    ),
    _Group(
        "keys",
        "Make, list and revoke API keys.",
        {
            keys.create: (
                "create",
                (
                    "groundwire keys create --tenant acme --subject search-page --role reader",
                    "groundwire keys create --tenant acme --subject importer --role writer --expires 52w",
                ),
            ),
            keys.list_: ("list", ("groundwire keys list", "groundwire keys list --json | jq -r .id")),
            keys.revoke: ("revoke", ("groundwire keys revoke 5f0c9a1be37d",)),
        },
    ),
)


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
        app.command(epilog=epilog(examples), no_args_is_help=function in _NEEDS_ARGUMENTS)(function)
    for group in _GROUPS:
        app.add_typer(_typer(group))
    return app


def _typer(group: _Group) -> typer.Typer:
    every = [examples[0] for _, examples in group.commands.values()]
    app = typer.Typer(
        name=group.name, help=group.help, epilog=epilog(every), no_args_is_help=True, rich_markup_mode=None
    )
    for function, (name, examples) in group.commands.items():
        app.command(name, epilog=epilog(examples), no_args_is_help=function in _NEEDS_ARGUMENTS)(function)
    return app


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
        for line in (*stop.before, stop.message):
            _say(line)
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

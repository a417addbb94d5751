"""The command line: its commands, and its edge, where everything that is raised becomes a line and an exit code."""

import io
import os
import sys
from collections.abc import Callable, Sequence

import typer

from groundwire_server.cli.ask import ask
from groundwire_server.cli.bench.command import bench
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
    bench: (
        'groundwire bench --question "Who may sign for parcels?"',
        "groundwire bench --questions questions.txt --calls 500 --callers 8 --html load.html",
        "groundwire bench --kind retrieve --questions questions.txt --json | jq .latency_ms.p95",
    ),
    version: ("groundwire version",),
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
        app.command(epilog=epilog(examples), no_args_is_help=function in {ask, ingest, bench})(function)
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

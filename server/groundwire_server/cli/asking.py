"""Reads one answer's stream and prints it."""

from google.protobuf import json_format
from rich.status import Status

import groundwire
from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire_server.cli.console import Terminal
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.render import Printer, show_outcome
from groundwire_server.cli.waterfall import waterfall


def ask_and_print(stream: groundwire.SyncAnswerStream, *, trace: bool, as_json: bool) -> bool:
    """Prints an answer as it arrives and returns whether there was one.

    Args:
        stream: the answer's events; it is closed.
        trace: draws where the time went.
        as_json: prints the outcome alone, as JSON.
    """
    console = Terminal()
    outcome = read(stream, console, quiet=as_json)
    if as_json:
        print(json_format.MessageToJson(outcome))
    elif trace:
        console.print()
        show_trace(console, outcome)
    return bool(groundwire.text_of(outcome))


def read(stream: groundwire.SyncAnswerStream, console: Terminal, *, quiet: bool = False) -> groundwire.Outcome:
    """Prints an answer as it arrives, then its outcome, which is returned."""
    printer = Printer(console)
    with stream, _waiting(console, quiet) as waiting:
        for event in stream:
            if quiet:
                continue
            if event.HasField("evidence"):
                waiting.update(_found(event))
            elif event.WhichOneof("event") not in {"started", "heartbeat"}:
                waiting.stop()
                printer.event(event)
    if stream.outcome is None:
        raise CommandError(ExitCode.FAILED, "the stream ended without an outcome, which no groundwire server does")
    if not quiet:
        shown = not printer.empty
        printer.end()
        show_outcome(console, stream.outcome, text_shown=shown)
    return stream.outcome


def show_trace(console: Terminal, outcome: groundwire.Outcome) -> None:
    """Draws where the time went."""
    for line in waterfall(outcome.report, console.width, ascii_only=console.options.ascii_only):
        console.print(line, no_wrap=True, overflow="crop")


def _waiting(console: Terminal, quiet: bool) -> Status:
    """A sign of life on standard error until text arrives; nothing where there is no terminal to show it on."""
    apart = Terminal(stderr=True)
    apart.quiet = quiet or not (apart.is_terminal and console.is_terminal)
    return Status("searching", console=apart)


def _found(event: StreamAnswerResponse) -> str:
    count = len(event.evidence.passages)
    return f"reading {count} passage{'' if count == 1 else 's'}"

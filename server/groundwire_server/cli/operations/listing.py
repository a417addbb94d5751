"""Printing operations."""

import sys
from collections.abc import Iterable
from typing import Any, Final

from google.protobuf import json_format
from rich.text import Text

import groundwire
from groundwire.v1.cause_pb2 import Cause
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.render import show_outcome
from groundwire_server.cli.times import printed
from groundwire_server.cli.words import word

_COLLECTION: Final = "operations/"
_LABEL: Final = 11


def full_name(name: str) -> str:
    """Return the name of an operation that was given by its name or its id."""
    return name if name.startswith(_COLLECTION) else _COLLECTION + name


def print_json(message: Any, *, indent: int | None = 2) -> None:
    """Print a message as the contract maps it to JSON."""
    print(json_format.MessageToJson(message, indent=indent))


def print_operations(operations: Iterable[groundwire.SyncAnswerOperation], *, as_json: bool) -> None:
    """Print operations: on a terminal two lines for each, elsewhere one with tabs, or with JSON."""
    console = Terminal()
    count = 0
    for operation in operations:
        count += 1
        if as_json:
            print_json(operation.message, indent=None)
            continue
        said = operation.metadata
        if console.is_terminal:
            console.hang(Text(), Text(one_line(operation.name), style="bold"))
            console.hang(Text("  "), Text(f"{standing(operation)}; route {said.route}, {printed(said.create_time)}"))
        else:
            created = said.create_time.ToJsonString()
            print("\t".join((operation.name, operation.state, str(said.position), said.route, created)))
    # Beside the output, so that what reads it counts lines alone.
    print(f"{count} operation{'' if count == 1 else 's'}", file=sys.stderr)


def print_operation(operation: groundwire.SyncAnswerOperation) -> None:
    """Print an operation with its outcome, or why it has none."""
    console, said = Terminal(), operation.metadata
    facts = {
        "state": standing(operation),
        "route": said.route,
        "request": said.request_id,
        "trace": said.trace_id,
        "accepted": printed(said.create_time),
        "begun": printed(said.start_time) if said.HasField("start_time") else "",
        "kept until" if operation.done else "expires": printed(said.expire_time),
    }
    console.hang(Text(), Text(one_line(operation.name), style="bold"))
    for label, fact in facts.items():
        if fact:
            console.hang(Text(f"{label:<{_LABEL}}", style="dim"), Text(one_line(fact)))
    if operation.outcome is not None:
        console.print()
        show_outcome(console, operation.outcome.message, text_shown=False)
    elif operation.error is not None:
        console.hang(Text(f"{'error':<{_LABEL}}", style="dim"), Text(one_line(str(operation.error)), style="red"))


def print_halted(client: groundwire.SyncClient, *, as_json: bool) -> None:
    """Print halted operations as `print_operations` does, and how much there is in the queue beside them."""
    console = Terminal()
    for operation in client.halted_operations():
        said = operation.metadata
        cause, attempts = word(Cause, said.cause), said.attempts
        if as_json:
            print_json(operation, indent=None)
        elif console.is_terminal:
            console.hang(Text(), Text(one_line(operation.name), style="bold"))
            ended = f"{cause} after {_attempts(attempts)}, {printed(operation.halt_time)}"
            console.hang(Text("  "), Text(f"{ended}; route {said.route}, ends {printed(said.expire_time)}"))
        else:
            print("\t".join((operation.name, cause, str(attempts), said.route, operation.halt_time.ToJsonString())))
    queue = client.queue()
    print(f"{queue.halted} halted, {queue.queued} waiting, {queue.running} running", file=sys.stderr)


def standing(operation: groundwire.SyncAnswerOperation) -> str:
    """Return where an operation is, in a few words."""
    said = operation.metadata
    cause = f", {word(Cause, said.cause)}" if said.cause and not operation.done else ""
    match operation.state:
        case "QUEUED":
            return f"QUEUED, {said.position} ahead{cause}"
        case "RUNNING":
            return f"RUNNING, attempt {said.attempts}"
        case "HALTED":
            return f"HALTED after {_attempts(said.attempts)}{cause}"
        case "IN_REVIEW":
            return f"IN_REVIEW, ticket {one_line(said.ticket)}{cause}" if said.ticket else f"IN_REVIEW{cause}"
        case other:
            return other


def _attempts(count: int) -> str:
    return f"{count} attempt{'' if count == 1 else 's'}"

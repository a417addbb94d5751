"""The commands of `groundwire operations`."""

from enum import StrEnum
from typing import Annotated, TypeAlias

import typer

from groundwire_server.cli.arguments import MappedJson, Timeout
from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import ExitCode

# What the commands need is imported in them: --help does not need it.


class ListedState(StrEnum):
    """A state to list, as typed."""

    QUEUED = "queued"
    RUNNING = "running"
    IN_REVIEW = "in_review"
    HALTED = "halted"
    DONE = "done"


Name: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="The operation's name, or its id alone.")]
Names: TypeAlias = Annotated[list[str], typer.Argument(metavar="NAME", help="The operations' names, or their ids.")]
Waited: TypeAlias = Annotated[
    float | None, typer.Option(min=0.001, metavar="SECONDS", help="How long to wait; default: until it is done.")
]


@connects
def list_(
    connection: ConnectionOptions,
    state: Annotated[
        list[ListedState] | None,
        typer.Option(
            metavar="STATE", help="queued, running, in_review, halted or done; repeatable.", case_sensitive=False
        ),
    ] = None,
    timeout: Timeout = 30.0,
    json: MappedJson = False,
) -> None:
    """List your own operations, the oldest first.

    Elsewhere than on a terminal it prints name, state, questions ahead, route and time of acceptance between tabs.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.operations.listing import print_operations  # noqa: PLC0415

    condition = " OR ".join(f"state = {each.value.upper()}" for each in state or ())
    with failures_stop(), connect(connection, timeout=timeout) as client:
        print_operations(client.operations(filter=condition), as_json=json)


@connects
def show(name: Name, connection: ConnectionOptions, timeout: Timeout = 30.0, json: MappedJson = False) -> None:
    """Show an operation as it is, with its outcome when it is done."""
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.operations.listing import full_name, print_json, print_operation  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        operation = client.operation(full_name(name)).refresh()
    if json:
        print_json(operation.message)
    else:
        print_operation(operation)


@connects
def wait(name: Name, connection: ConnectionOptions, timeout: Waited = None, json: MappedJson = False) -> None:
    """Wait until an operation is done, and print its outcome.

    Exits with 0 when there is an answer, with 1 when there is none or the time is up. Ctrl-C stops waiting, and the
    operation goes on.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.operations.following import wait_and_print  # noqa: PLC0415
    from groundwire_server.cli.operations.listing import full_name  # noqa: PLC0415

    with failures_stop(), connect(connection) as client:
        answered = wait_and_print(client.operation(full_name(name)), timeout, as_json=json)
    if not answered:
        raise typer.Exit(ExitCode.INCOMPLETE)


@connects
def watch(name: Name, connection: ConnectionOptions, timeout: Waited = None, json: MappedJson = False) -> None:
    """Print an operation's state whenever it changes, and its outcome at the end.

    Exits as `groundwire operations wait` does.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.operations.following import watch_and_print  # noqa: PLC0415
    from groundwire_server.cli.operations.listing import full_name  # noqa: PLC0415

    with failures_stop(), connect(connection) as client:
        answered = watch_and_print(client.operation(full_name(name)), timeout, as_json=json)
    if not answered:
        raise typer.Exit(ExitCode.INCOMPLETE)


@connects
def cancel(names: Names, connection: ConnectionOptions, timeout: Timeout = 30.0) -> None:
    """Cancel operations, and the work on them; an operation that is done does not change."""
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.operations.listing import full_name  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        for name in names:
            client.operation(full_name(name)).cancel()


@connects
def delete(names: Names, connection: ConnectionOptions, timeout: Timeout = 30.0) -> None:
    """Delete operations with their outcomes; one that is not done is cancelled first."""
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.operations.listing import full_name  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        for name in names:
            client.operation(full_name(name)).delete()


@connects
def halted(connection: ConnectionOptions, timeout: Timeout = 30.0, json: MappedJson = False) -> None:
    """List the operations of your tenant whose attempts are used up. Needs the role operator.

    Elsewhere than on a terminal it prints name, last cause, attempts, route and time of the last attempt between tabs.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.operations.listing import print_halted  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        print_halted(client, as_json=json)


@connects
def requeue(names: Names, connection: ConnectionOptions, timeout: Timeout = 30.0) -> None:
    """Give halted operations as many attempts again. Needs the role operator."""
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.operations.listing import full_name  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        for name in names:
            client.requeue_operation(full_name(name))

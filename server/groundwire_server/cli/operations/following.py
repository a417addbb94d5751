"""Waiting for operations, and printing how they end."""

from collections.abc import Iterator
from contextlib import contextmanager

import groundwire
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.operations.listing import print_json, standing
from groundwire_server.cli.render import show_outcome


def wait_and_print(operation: groundwire.SyncAnswerOperation, timeout: float | None, *, as_json: bool) -> bool:
    """Wait until an operation is done and print its outcome; return whether there is an answer.

    Args:
        operation: to wait for.
        timeout: seconds to wait; None waits until it is done.
        as_json: print the outcome as JSON.

    Raises:
        CommandError: when it is not done in time, or the wait is interrupted.
        groundwire.Error: when it ends without an outcome.
    """
    with _going_on(operation):
        return _print_outcome(operation.wait(timeout), as_json=as_json)


def watch_and_print(operation: groundwire.SyncAnswerOperation, timeout: float | None, *, as_json: bool) -> bool:
    """Print an operation whenever it has changed, and its outcome at the end; otherwise as `wait_and_print`."""
    with _going_on(operation):
        for changed in operation.watch(timeout=timeout):
            if as_json:
                print_json(changed.message, indent=None)
            else:
                print(standing(changed), flush=True)
    if operation.outcome is None:
        if operation.error is not None:
            raise operation.error
        raise CommandError(ExitCode.FAILED, "the operation ended without an outcome: is this a groundwire server?")
    return bool(operation.outcome.text) if as_json else _print_outcome(operation.outcome, as_json=False)


@contextmanager
def _going_on(operation: groundwire.SyncAnswerOperation) -> Iterator[None]:
    """Say where the operation is when it is no longer waited for."""
    name = one_line(operation.name)
    try:
        yield
    except TimeoutError:
        message = f"{name} is not done, it is {standing(operation)}: `groundwire operations wait {name}` goes on"
        raise CommandError(ExitCode.INCOMPLETE, message) from None
    except KeyboardInterrupt:
        message = f"interrupted; {name} goes on: `groundwire operations cancel {name}` ends it"
        raise CommandError(ExitCode.INTERRUPTED, message) from None


def _print_outcome(outcome: groundwire.Outcome, *, as_json: bool) -> bool:
    if as_json:
        print_json(outcome.message)
    else:
        show_outcome(Terminal(), outcome.message, text_shown=False)
    return bool(outcome.text)

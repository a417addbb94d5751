"""How the command ends."""

import os
import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import NoReturn

import typer

from groundwire_server.domain.failure import GroundwireError


class ExitCode(IntEnum):
    """What a script can tell from the exit code."""

    OK = 0
    """Everything was done: an answer was given, every document is stored."""
    INCOMPLETE = 1
    """Done, but not all of it: no answer was given, nothing was found, some documents are not stored or not there."""
    USAGE = 2
    """The command line is wrong; nothing was done."""
    UNREACHABLE = 3
    """No groundwire server answers at the address."""
    FAILED = 4
    """The server, or something on this machine, did not do it."""
    INTERRUPTED = 130
    """Stopped with Ctrl-C."""
    CLOSED_PIPE = 141
    """Whoever read the output stopped reading."""


EXPLAINED = """Exit codes: 0 done, 1 no answer, or not all of it done, 2 wrong usage, 3 no server there, \
4 failed, 130 interrupted."""


class CommandError(GroundwireError):
    """Ends the command with a sentence on standard error that says what to do.

    Attributes:
        code: how the command ends.
        message: one line.
        before: lines that go before it, when several things are wrong.
    """

    def __init__(self, code: ExitCode, message: str, before: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.before = before


def leave_closed_pipe() -> NoReturn:
    """End the command because nobody reads its output any more; what is still buffered is discarded."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(ExitCode.CLOSED_PIPE)

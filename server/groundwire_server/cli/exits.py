"""How a command ends: its exit code, and its error message."""

import os
import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import NoReturn

import typer

from groundwire_server.domain.failure import GroundwireError


class ExitCode(IntEnum):
    """The exit code, for scripts."""

    OK = 0
    """Everything succeeded: there is an answer, every document is stored."""
    INCOMPLETE = 1
    """Incomplete: there is no answer, nothing was found, a claim does not stand, some documents are not stored or do
    not exist, or something could not be checked."""
    USAGE = 2
    """The command line is invalid; nothing was done."""
    UNREACHABLE = 3
    """No groundwire server responds at the address."""
    FAILED = 4
    """The server failed, or something on this machine."""
    WARNED = 5
    """`groundwire doctor`, `corpus verify` or `prompts lint` with `--strict` found something that needs attention."""
    MISSED = 6
    """A measure misses its threshold in `groundwire eval`, or is worse in `groundwire eval compare --fail-if-worse`; a
    case of `groundwire prompts test` fails; or a replay changed in `groundwire replay --fail-if-changed`."""
    INTERRUPTED = 130
    """Interrupted with Ctrl-C."""
    CLOSED_PIPE = 141
    """The reader of the output closed the pipe."""


EXPLAINED = """Exit codes: 0 done, 1 no answer or incomplete, 2 invalid usage, 3 server unreachable, \
4 failed, 5 warnings, 6 a threshold or an expectation missed, 130 interrupted."""


class CommandError(GroundwireError):
    """Ends the command with a line on standard error that says what is wrong and what to do.

    Attributes:
        code: the exit code.
        message: one line.
        before: lines that are printed before it, when several things are wrong.
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

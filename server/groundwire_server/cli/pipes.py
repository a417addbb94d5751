"""The end of a command that nobody reads on."""

import os
import sys
from typing import NoReturn

import typer

from groundwire_server.cli.exits import ExitCode


def leave_closed_pipe() -> NoReturn:
    """End the command; what is still buffered goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(ExitCode.CLOSED_PIPE)

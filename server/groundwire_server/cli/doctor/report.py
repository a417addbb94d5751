"""Printing the results, and the exit code."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.text import Text

from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.exits import ExitCode

REACHING = frozenset({"tcp", "tls", "grpc"})


_STYLES = {CheckState.OK: "green", CheckState.WARN: "yellow", CheckState.FAIL: "bold red"}


def show(results: Sequence[CheckResult], *, as_json: bool) -> None:
    """Print the results, one a line."""
    console = Terminal()
    for found in results:
        if as_json:
            fields = {**asdict(found), "message": one_line(found.message)}
            print(json.dumps(fields))
        else:
            lead = Text.assemble((f"{found.state:<5}", _STYLES[found.state]), f"{found.check:<12} ")
            line = Text(one_line(found.message))
            if found.advice:
                line.append(f": {found.advice}", style="bold")
            console.hang(lead, line)


def code_of(results: Sequence[CheckResult]) -> ExitCode:
    """Return the exit code of the command."""
    failed = {found.check for found in results if found.state is CheckState.FAIL}
    if failed & REACHING:
        return ExitCode.UNREACHABLE
    if failed:
        return ExitCode.FAILED
    return ExitCode.INCOMPLETE if any(found.state is CheckState.WARN for found in results) else ExitCode.OK

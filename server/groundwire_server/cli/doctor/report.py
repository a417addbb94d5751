"""What the doctor found, and how it is printed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.text import Text

from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.exits import ExitCode

REACHING = frozenset({"tcp", "tls", "grpc"})


class State(StrEnum):
    """How something is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing is.

    Attributes:
        check: its name.
        state: how it is.
        says: what was seen.
        do: what to do about it.
    """

    check: str
    state: State
    says: str
    do: str = ""


_STYLES = {State.OK: "green", State.WARN: "yellow", State.FAIL: "bold red"}


def show(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Prints the findings, one a line."""
    console = Terminal()
    for found in findings:
        if as_json:
            said = {"check": found.check, "state": found.state, "says": one_line(found.says), "do": found.do}
            print(json.dumps(said))
        else:
            lead = Text.assemble((f"{found.state:<5}", _STYLES[found.state]), f"{found.check:<12} ")
            line = Text(one_line(found.says))
            if found.do:
                line.append(f": {found.do}", style="bold")
            console.hang(lead, line)


def code_of(findings: Sequence[Finding]) -> ExitCode:
    """How the command ends."""
    failed = {found.check for found in findings if found.state is State.FAIL}
    if failed & REACHING:
        return ExitCode.UNREACHABLE
    if failed:
        return ExitCode.FAILED
    return ExitCode.INCOMPLETE if any(found.state is State.WARN for found in findings) else ExitCode.OK

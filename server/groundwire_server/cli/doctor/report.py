"""Printing the results, and the exit code."""

import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import NoReturn

from rich.text import Text

from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.exits import ExitCode

_NUMBER = re.compile(r"\d[\d.,]*")
REACHING = frozenset({"tcp", "tls", "grpc"})

_STYLES = {
    CheckState.OK: "green",
    CheckState.WARN: "yellow",
    CheckState.FAIL: "bold red",
    CheckState.SKIP: "cyan",
}


def show(results: Iterable[CheckResult], *, as_json: bool) -> Sequence[CheckResult]:
    """Print each result as it is known; return them all."""
    console = Terminal()
    shown = []
    for found in results:
        _print(console, found, as_json=as_json)
        shown.append(found)
    if not as_json and console.is_terminal:
        console.print(Text(summary(shown), style="bold"))
    return shown


def watching(
    check: Callable[[], Iterable[CheckResult]],
    seconds: float,
    *,
    as_json: bool,
    wait: Callable[[float], None] = time.sleep,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> NoReturn:
    """Check again and again until interrupted; print what differs from the round before, each line with its time.

    Args:
        check: makes the checks.
        seconds: between two rounds.
        as_json: print JSON.
        wait: pauses.
        now: tells the time.
    """
    console = Terminal()
    before: frozenset[tuple[str, str, str]] = frozenset()
    while True:
        found = list(check())
        at = now()
        for each in found:
            if _kind(each) not in before:
                _print(console, each, as_json=as_json, at=at)
        before = frozenset(map(_kind, found))
        wait(seconds)


def summary(results: Sequence[CheckResult]) -> str:
    """Return how many results there are of each state, such as `12 ok, 1 warn`."""
    counts = {state: sum(found.state is state for found in results) for state in CheckState}
    return ", ".join(f"{count} {state}" for state, count in counts.items() if count)


def as_json_object(found: CheckResult) -> dict[str, str]:
    """Return a result as its JSON object: `check`, `state`, `message`, `advice`."""
    return {**asdict(found), "message": one_line(found.message)}


def code_of(results: Sequence[CheckResult], *, strict: bool = False) -> ExitCode:
    """Return the exit code of the command; what is broken goes before what could not be checked.

    Args:
        results: of every check.
        strict: whether warnings count.
    """
    failed = {found.check for found in results if found.state is CheckState.FAIL}
    if failed & REACHING:
        return ExitCode.UNREACHABLE
    if failed:
        return ExitCode.FAILED
    states = {found.state for found in results}
    if CheckState.SKIP in states:
        return ExitCode.INCOMPLETE
    return ExitCode.WARNED if strict and CheckState.WARN in states else ExitCode.OK


def _print(console: Terminal, found: CheckResult, *, as_json: bool, at: datetime | None = None) -> None:
    if as_json:
        timed = {} if at is None else {"time": at.isoformat(timespec="seconds").replace("+00:00", "Z")}
        # Whoever reads the lines of a watch wants each at once.
        print(json.dumps({**timed, **as_json_object(found)}, ensure_ascii=False), flush=True)
        return
    began = "" if at is None else f"{at:%H:%M:%S} "
    lead = Text.assemble(began, (f"{found.state:<5}", _STYLES[found.state]), f"{found.check:<12} ")
    console.hang(lead, Text(one_line(found.message)))
    if found.advice:
        arrow = "->" if console.options.ascii_only else "→"
        console.hang(Text(f"{'':{lead.cell_len}}{arrow} "), Text(found.advice, style="bold"))


def _kind(found: CheckResult) -> tuple[str, str, str]:
    """Return what must differ for a result to have changed: sizes and times are never the same twice."""
    return found.check, found.state, _NUMBER.sub("", found.message)

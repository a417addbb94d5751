"""What cases for prompts came to, printed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.text import Text

from groundwire_server.cli.console import Terminal, one_line, printable
from groundwire_server.cli.exits import ExitCode
from groundwire_server.cli.words import counted
from groundwire_server.evaluation.prompt_cases import PromptCase
from groundwire_server.evaluation.recording import RecordedOutcome

MISSING: Final = (
    "not known: no output is kept of its prompt: run it with --live, which asks a model and keeps what it writes"
)
"""What is said of a case whose prompt no model was asked."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What a case came to.

    Attributes:
        file: that has the case.
        seconds: that it took.
        outcome: None where the question was refused.
        faults: what does not hold, one line each.
        missing: whether its outcome is not known, for no output is kept.
    """

    file: Path
    case: PromptCase
    seconds: float
    outcome: RecordedOutcome | None
    faults: tuple[str, ...] = ()
    missing: bool = False

    @property
    def passed(self) -> bool:
        """Whether all holds that must."""
        return not self.faults and not self.missing


def exit_code(results: Sequence[CaseResult]) -> ExitCode:
    """Return how the command ends."""
    if any(each.faults for each in results):
        return ExitCode.MISSED
    return ExitCode.INCOMPLETE if any(each.missing for each in results) else ExitCode.OK


def print_result(result: CaseResult) -> None:
    """Print a case with what does not hold, and the answer where something does not."""
    console = Terminal()
    if result.passed:
        console.hang(Text("ok    ", style="green"), Text(one_line(result.case.name)))
        return
    word = Text("?     ", style="bold yellow") if result.missing else Text("FAIL  ", style="bold red")
    console.hang(word, Text(one_line(result.case.name), style="bold"))
    for fault in (MISSING,) if result.missing else result.faults:
        console.hang(Text("      "), Text(one_line(fault)))
    if result.outcome is None or result.missing:
        return
    console.hang(Text("      "), Text(f"{result.outcome.result} ({result.outcome.cause})", style="dim"))
    if result.outcome.answer is not None:
        console.hang(Text("      "), Text(printable(result.outcome.answer.text), style="dim"))


def print_summary(results: Sequence[CaseResult]) -> None:
    """Print how many cases passed."""
    failed, missing = (sum(bool(each.faults) for each in results), sum(each.missing for each in results))
    said = f"{counted(len(results), 'case')}: {len(results) - failed - missing:,} passed"
    if failed:
        said += f", {failed:,} failed"
    if missing:
        said += f", {missing:,} not known"
    print(said)


def written(results: Sequence[CaseResult]) -> str:
    """Return the results as JSON."""
    facts = [
        {
            "file": str(each.file),
            "name": each.case.name,
            "passed": each.passed,
            "missing": each.missing,
            "faults": each.faults,
            "seconds": round(each.seconds, 3),
            "outcome": None
            if each.outcome is None
            else each.outcome.model_dump(mode="json", exclude_defaults=True, exclude={"stages", "total_ms"}),
        }
        for each in results
    ]
    return json.dumps(facts, ensure_ascii=False, indent=2)

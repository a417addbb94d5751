"""What `groundwire guards test` shows."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from rich.text import Text

from groundwire_server.app.guard_trial import TriedFinding, TriedGuard
from groundwire_server.cli.console import Terminal, printable

_AROUND: Final = 24
"""Code points of the text that are shown on each side of what was found."""

_LONGEST: Final = 80
_SPACES: Final = re.compile(r"\s+")


def show_trial(console: Terminal, tried: Sequence[TriedGuard], text: str) -> None:
    """Print what guards say of a text, screen by screen."""
    for screen, guards in groupby(tried, key=lambda each: each.screen):
        console.print(screen.lower(), style="bold")
        for guard in guards:
            name = f"{guard.identity.name} {guard.identity.version}"
            if guard.failure:
                console.hang(Text(f"  {name}: "), Text(f"could not be asked ({guard.failure})"))
            elif not guard.found:
                console.print(f"  {name}: nothing")
            for each in guard.found:
                console.hang(Text(f"  {name}: "), _said(each, text))
    if not tried:
        console.print("no guard looks at this; `groundwire guards list` shows where there are some")


def trial_as_json(tried: Sequence[TriedGuard], text: str) -> list[dict[str, Any]]:
    """Return what guards say of a text, each with its findings; places are in code points."""
    return [
        {
            "screen": guard.screen.value,
            "guard": guard.identity.name,
            "version": guard.identity.version,
            "failure": guard.failure,
            "findings": [
                {
                    "category": each.finding.category,
                    "action": each.action or "IGNORE",
                    "start": each.finding.start,
                    "end": each.finding.end,
                    "words": text[each.finding.start : each.finding.end],
                    "rule": each.finding.rule,
                    "about": each.about,
                    "score": each.finding.score,
                }
                for each in guard.found
            ],
        }
        for guard in tried
    ]


def _spaced(text: str) -> str:
    """Return foreign text with one space for all white space in a row."""
    return _SPACES.sub(" ", printable(text))


def _said(tried: TriedFinding, text: str) -> Text:
    finding = tried.finding
    said = Text.assemble((tried.action or "IGNORE", "bold"), f" {finding.category}: ")
    before, after = text[max(0, finding.start - _AROUND) : finding.start], text[finding.end : finding.end + _AROUND]
    words = _spaced(text[finding.start : finding.end])
    shown = words if len(words) <= _LONGEST else f"{words[: _LONGEST // 2]} … {words[-_LONGEST // 2 :]}"
    said.append(("…" if finding.start > _AROUND else "") + _spaced(before))
    said.append(f"»{shown}«", "reverse")
    said.append(_spaced(after))
    if finding.end + _AROUND < len(text):
        said.append("…")
    why = tried.about or finding.rule
    score = "" if finding.score is None else f"{finding.score:.0%}"
    reasons = [each for each in (why, score) if each]
    if reasons:
        said.append(f" ({', '.join(reasons)})")
    return said

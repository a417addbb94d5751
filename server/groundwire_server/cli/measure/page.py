"""Printing how often what has left is wrong."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from groundwire.v1.grounding_pb2 import Verdict
from groundwire.v1.review_service_pb2 import SampleCounts
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.words import word
from groundwire_server.evaluation.measures.intervals import rounded
from groundwire_server.evaluation.sampled_wrong import FEW, SampleTally, WrongShare, WrongShares

_NO_CLAIM = "no claim"
_HEADS = ("samples", "decided", "wrong", "share", "interval", "more")
_GAP = 2


def tally_of(row: SampleCounts) -> SampleTally:
    """Return a row of the response."""
    verdict = "" if row.weakest_verdict == Verdict.VERDICT_UNSPECIFIED else word(Verdict, row.weakest_verdict)
    changed = row.lowest_share != row.share
    return SampleTally(row.route, verdict, row.sampled, row.decided, row.wrong, row.share, changed)


def print_measured(found: WrongShares, within: float, confidence: float) -> None:
    """Print a table of the rows, the sentence that they come to, and what it does not say."""
    console = Terminal()
    if not console.is_terminal:
        for tally, row in found.rows:
            print("\t".join((tally.route, tally.verdict, *_numbers(row))))
        print("\t".join(("", "", *_numbers(found.total))))
        lead = Terminal(stderr=True)
    else:
        if found.rows:
            console.print(_table(found))
        lead = console
    lead.hang(Text(), Text(sentence(found.total, confidence)))
    for line in (*_needed(found.total, within), *warnings(found)):
        lead.hang(Text(), Text(line))


def sentence(total: WrongShare, confidence: float) -> str:
    """Return in words how many answers are wrong."""
    if total.value is None:
        return "No sample is decided yet, so nothing is known about the answers that left."
    sure = f"with {_percent(confidence)} confidence (Clopper-Pearson)"
    decided = f"Of {total.decided:,} decided samples"
    if not total.wrong:
        return f"{decided} none was wrong: at most {_percent(total.high)} of the answers are, {sure}."
    were = "was" if total.wrong == 1 else "were"
    return (
        f"{decided} {total.wrong:,} {were} wrong: {_percent(total.value)} of the answers are, between "
        f"{_percent(total.low)} and {_percent(total.high)} {sure}."
    )


def warnings(found: WrongShares) -> Iterator[str]:
    """Yield what the figures do not say."""
    if found.few and found.total.value is not None:
        yield f"Caution: fewer than {FEW} samples are decided, so that little can be said."
    if found.many_undecided:
        yield (
            f"Caution: {found.undecided:,} of {found.total.sampled:,} samples are not decided. If reviewers leave the "
            "hard ones, more answers are wrong than it seems."
        )
    if found.changed:
        routes = one_line(", ".join(found.changed))
        yield (
            f"Caution: the share that is sampled was changed in this time ({routes}): measure the time since, with "
            "--since."
        )
    if found.weighed:
        yield (
            "The rows stand for different shares of the answers: the total counts each by how many answers it stands "
            "for."
        )


def written(found: WrongShares, within: float, confidence: float) -> str:
    """Return everything as JSON."""
    facts = {
        "method": "clopper-pearson",
        "confidence": confidence,
        "within": within,
        "rows": [
            {"route": tally.route, "weakest_verdict": tally.verdict, "sample_share": tally.share, **_facts(row)}
            for tally, row in found.rows
        ],
        "total": _facts(found.total),
        "weighed": found.weighed,
        "sentence": sentence(found.total, confidence),
        "warnings": list(warnings(found)),
    }
    return json.dumps(facts, indent=2)


def _facts(row: WrongShare) -> dict[str, Any]:
    return {
        "sampled": row.sampled,
        "decided": row.decided,
        "wrong": row.wrong,
        "share_wrong": rounded(row.value),
        "low": rounded(row.low),
        "high": rounded(row.high),
        "more_needed": row.needed,
    }


def _numbers(row: WrongShare) -> Sequence[str]:
    share = "" if row.value is None else f"{row.value:.4f}"
    counts = (row.sampled, row.decided, row.wrong)
    return (*map(str, counts), share, f"{row.low:.4f}", f"{row.high:.4f}", str(row.needed))


def _table(found: WrongShares) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    table.add_column("route", overflow="fold")
    table.add_column("weakest verdict", overflow="fold")
    for head in _HEADS:
        table.add_column(head, justify="right", no_wrap=True)
    for tally, row in found.rows:
        table.add_row(Text(one_line(tally.route)), tally.verdict or _NO_CLAIM, *_cells(row))
    table.add_row("all", "", *_cells(found.total), style="bold")
    return table


def _cells(row: WrongShare) -> Sequence[str]:
    share = "" if row.value is None else _percent(row.value)
    interval = f"{100 * row.low:.1f}-{_percent(row.high)}"
    return (f"{row.sampled:,}", f"{row.decided:,}", f"{row.wrong:,}", share, interval, f"{row.needed:,}")


def _needed(total: WrongShare, within: float) -> Iterator[str]:
    near = f"bring both ends within {100 * within:g} points"
    if not total.needed:
        yield f"Both ends are within {100 * within:g} points."
    elif not total.wrong:
        yield f"At least {total.needed:,} more decisions, none of them wrong, {near}."
    else:
        yield f"About {total.needed:,} more decisions {near}."


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %" if share > 0.999 else f"{100 * share:.1f} %".replace(".0 %", " %")

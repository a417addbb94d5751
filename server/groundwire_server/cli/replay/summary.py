"""What replays of several calls came to, in words."""

from collections.abc import Iterator, Mapping
from typing import Final

from groundwire_server.cli.words import counted
from groundwire_server.evaluation.replayed import ReplayedCall, ReplaySummary

_VERDICTS: Final = ("VERBATIM", "ENTAILED", "CONSISTENT", "UNSUPPORTED", "CONTRADICTED", "NOT_A_CLAIM")


def summary_lines(summary: ReplaySummary) -> Iterator[str]:
    """Yield what replays came to, a line for each thing to know."""
    known = summary.calls - sum(summary.unknown.values())
    if known or not summary.calls:
        yield f"{summary.changed:,} of {counted(known, 'call')} came to something else"
    for why, count in sorted(summary.unknown.items()):
        yield f"{counted(count, 'outcome')} not known: {why}"
    yield from _pairs("result", summary.results)
    yield from _pairs("cause", summary.causes)
    before, after = summary.verdicts_before, summary.verdicts_after
    if before != after:
        said = ", ".join(
            f"{verdict} {before.get(verdict, 0):,} → {after.get(verdict, 0):,}"
            for verdict in _VERDICTS
            if before.get(verdict, 0) != after.get(verdict, 0)
        )
        yield f"verdicts of sentences: {said}"


def difference_line(replayed: ReplayedCall) -> str:
    """Return in one line what differs in a call, for a list of them; no texts."""
    if replayed.after is None:
        return f"not known: {replayed.missing}"
    if not replayed.differences:
        return "same"
    return ", ".join(
        f"{each.what} {each.before or 'none'} → {each.after or 'none'}"
        if each.what in _SHORT
        else f"another {each.what.removesuffix('s')}"
        for each in replayed.differences
    )


_SHORT: Final = frozenset({"result", "cause", "action", "next step", "confidence", "model", "prompt"})
"""Differences whose two values fit into a line."""


def _pairs(what: str, pairs: Mapping[tuple[str, str], int]) -> Iterator[str]:
    for (before, after), count in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"{what} {before} → {after}: {counted(count, 'call')}"

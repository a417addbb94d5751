"""How two outcomes of one call differ."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from groundwire_server.domain.outcome import Outcome, Report, StageTiming
from groundwire_server.domain.plain import KIND, PassageTable, plain

_MICROSECOND: Final = 1e-6
_MOST: Final = 20
"""Differences that are named."""


def differing_places(recorded: Outcome, replayed: Outcome) -> tuple[str, ...]:
    """Return the places in which two outcomes differ, each by its path; measured times are not compared."""
    before, after = (_written(replace(each, report=_untimed(each.report))) for each in (recorded, replayed))
    found: list[str] = []
    for place in _differing(before, after, ""):
        if len(found) == _MOST:
            break
        found.append(place.removeprefix("."))
    return tuple(found)


def times_agree(recorded: Outcome, replayed: Outcome) -> bool:
    """Return whether all measured times of two outcomes are the same, to a microsecond."""
    before, after = _times(recorded.report), _times(replayed.report)
    return len(before) == len(after) and all(
        abs(one - other) <= _MICROSECOND for one, other in zip(before, after, strict=True)
    )


def _untimed(report: Report) -> Report:
    """Return a report without what was measured by the clock."""
    stages = tuple(StageTiming(each.stage, 0.0, 0.0, 0.0, each.cause, each.attempt) for each in report.stages)
    first = None if report.time_to_first_token is None else 0.0
    return replace(report, stages=stages, time_to_first_token=first, total=0.0)


def _times(report: Report) -> list[float]:
    stages = [time for each in report.stages for time in (each.start, each.duration, each.budget)]
    return [*stages, report.time_to_first_token or 0.0, report.total]


def _written(outcome: Outcome) -> Any:
    """Return an outcome as plain values, with its passages in their places."""
    table = PassageTable()
    # Writing the outcome fills the table.
    written = plain(Outcome, outcome, table)
    return {"outcome": written, "passages": table.passages}


def _differing(before: Any, after: Any, path: str) -> Iterator[str]:
    """Yield the paths of values that differ."""
    if type(before) is not type(after):
        yield path
    elif isinstance(before, dict):
        for name in dict.fromkeys((*before, *after)):
            if name not in before or name not in after:
                yield f"{path}.{name}"
            elif name == KIND and before[name] != after[name]:
                yield f"{path} ({before[name]}, {after[name]})"
            else:
                yield from _differing(before[name], after[name], f"{path}.{name}")
    elif isinstance(before, list):
        if len(before) != len(after):
            yield f"{path} ({len(before)}, {len(after)})"
        for place, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from _differing(one, other, f"{path}[{place}]")
    elif before != after:
        yield path

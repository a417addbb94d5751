"""Earlier runs, and whether this one differs from them.

A run is compared with the last ones of the same kind of machine, by its ratios to the floor. It is slower beyond noise
only when three things hold:

* its rounds rank above the rounds of the earlier runs so clearly that chance alone does that once in a hundred times
  (the exact one-sided Mann–Whitney test);
* its median is above the median of every earlier run: runs differ from each other by more than their rounds do, which
  the test knows nothing of;
* the medians differ by more than the earlier ones scatter (three robust standard deviations: 1.4826 times the median
  distance from their median), and by 10 % at least: of a few runs nobody can say how they scatter, and with some
  twenty measures in a run, what is wrong once in a hundred times is wrong in every fifth run.

Faster beyond noise is the same turned round. With so few rounds that the test could not tell in any case, nothing is
said; five rounds against five can tell.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import comb
from pathlib import Path
from statistics import median

from groundwire_server.cli.bench.figures import chance_of_greater

COMPARED = 8
"""So many of the last runs are compared with."""

_CHANCE = 0.01
_LEAST = 0.1
_DEVIATIONS = 3 * 1.4826


class Change(StrEnum):
    SLOWER = "slower beyond noise"
    FASTER = "faster beyond noise"
    SAME = "as before"
    UNKNOWN = "too few rounds to tell"
    FIRST = "nothing to compare with"


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is kept.

    Attributes:
        time: when, in UTC as ISO 8601.
        commit: what was measured; with a + when the checkout held more than that.
        kind: the kind of machine; only runs of one kind are compared.
        figures: each measure's figure of every round.
    """

    time: str
    commit: str
    kind: str
    figures: Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of a measure.

    Attributes:
        shift: how much greater its ratio to the floor is, as a share; 0 when there is nothing to compare with.
        runs: how many earlier runs it was compared with.
    """

    change: Change
    shift: float = 0.0
    runs: int = 0


def compare(now: Sequence[float], earlier: Sequence[Sequence[float]]) -> Comparison:
    """Compare the ratios of this run's rounds with those of each earlier run."""
    if not earlier:
        return Comparison(Change.FIRST)
    medians = [median(ratios) for ratios in earlier]
    before = median(medians)
    shift = median(now) / before - 1
    pooled = [ratio for ratios in earlier for ratio in ratios]
    if comb(len(now) + len(pooled), len(now)) * _CHANCE < 1:
        return Comparison(Change.UNKNOWN, shift, len(earlier))
    scatter = median(abs(each - before) for each in medians) / before
    change = Change.SAME
    if abs(shift) > max(_LEAST, _DEVIATIONS * scatter):
        if median(now) > max(medians) and chance_of_greater(now, pooled) <= _CHANCE:
            change = Change.SLOWER
        elif median(now) < min(medians) and chance_of_greater(pooled, now) <= _CHANCE:
            change = Change.FASTER
    return Comparison(change, shift, len(earlier))


def read(path: Path, kind: str) -> list[Run]:
    """The runs of a kind of machine, the oldest first; a line that was left half written is passed over."""
    if not path.exists():
        return []
    runs = (_parsed(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [run for run in runs if run is not None and run.kind == kind]


def append(path: Path, run: Run) -> None:
    """Keep a run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        file.seek(0)
        written = file.read()
        # Behind a half-written line this one would be lost with it.
        start = "\n" if written and not written.endswith("\n") else ""
        file.write(start + json.dumps(asdict(run)) + "\n")


def _parsed(line: str) -> Run | None:
    try:
        return Run(**json.loads(line))
    except (ValueError, TypeError):
        return None

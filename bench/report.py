"""Figures against targets, as lines."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def verdicts(targets: Mapping[str, Mapping[str, Any]], figures: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """Yield a line a floor and a line a target: median (least to most), ratio to its floor, target, verdict."""
    for name in figures:
        if name not in targets:
            yield f"{name:26} {_spread(figures[name])} ms  (floor)"
    for name, target in targets.items():
        middle = statistics.median(figures[name])
        line = f"{name:26} {_spread(figures[name])} {target['unit']:3}"
        if "floor" in target:
            floors = middle / statistics.median(figures[target["floor"]])
            line += f" {floors:5.1f} x floor"
            if "at_most_floors" in target:
                verdict = "met" if floors <= target["at_most_floors"] else "MISSED"
                line += f"  at most {target['at_most_floors']} x floor: {verdict}"
        if "at_most" in target:
            line += (
                f"  at most {target['at_most']} {target['unit']}: {'met' if middle <= target['at_most'] else 'MISSED'}"
            )
        yield f"{line}\n{'':26} {target['what']}"


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):8.3f} ({min(values):.3f} to {max(values):.3f})"

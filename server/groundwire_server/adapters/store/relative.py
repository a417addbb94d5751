"""Relative scores: those of one leg of one search, stretched over 0 to 1 so that legs can be added."""

from collections.abc import Sequence


def relative(scores: Sequence[float]) -> list[float]:
    """Return the scores with the least at 0 and the greatest at 1; all at 1 when they are equal."""
    if not scores:
        return []
    least, greatest = min(scores), max(scores)
    if greatest == least:
        return [1.0] * len(scores)
    return [(score - least) / (greatest - least) for score in scores]

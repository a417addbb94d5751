"""Relative scores: those of one leg of one search, stretched over 0 to 1 so that legs can be added."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

_Key = TypeVar("_Key", int, str)


def relative(scores: Sequence[float]) -> list[float]:
    """Return the scores with the least at 0 and the greatest at 1; all at 1 when they are equal."""
    if not scores:
        return []
    least, greatest = min(scores), max(scores)
    if greatest == least:
        return [1.0] * len(scores)
    return [(score - least) / (greatest - least) for score in scores]


def fused(vector: Mapping[_Key, float] | None, keyword: Mapping[_Key, float] | None, alpha: float) -> dict[_Key, float]:
    """Combine the legs of a search, best first.

    A chunk that a leg did not find gets nothing from it, as does the last one that it found. Equal scores keep the
    order of the chunks' ids: in the embedded store that in which their documents were stored.

    Args:
        vector: the cosines of one leg, by chunk; None when it did not run, which gives all the weight to the other.
        keyword: the same for the other leg.
        alpha: the weight of the vector leg, 0 to 1.
    """
    if vector is None or keyword is None:
        combined = _relative(vector or keyword or {})
    else:
        by_vector, by_keyword = _relative(vector), _relative(keyword)
        combined = {
            chunk: alpha * by_vector.get(chunk, 0.0) + (1 - alpha) * by_keyword.get(chunk, 0.0)
            for chunk in by_vector.keys() | by_keyword.keys()
        }
    # Sorting is stable, so equal scores stay in the order of their ids.
    ranked = sorted(sorted(combined), key=combined.__getitem__, reverse=True)
    return {chunk: combined[chunk] for chunk in ranked}


def _relative(scores: Mapping[_Key, float]) -> dict[_Key, float]:
    return dict(zip(scores, relative(list(scores.values())), strict=True))

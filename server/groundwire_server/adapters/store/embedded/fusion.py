"""Fusion by relative score: each leg's scores are stretched over 0 to 1, then added with weights."""

from collections.abc import Mapping


def fused(vector: Mapping[int, float] | None, keyword: Mapping[int, float] | None, alpha: float) -> dict[int, float]:
    """Combine the legs, best first. `alpha` is the vector leg's weight; a leg that did not run leaves all to the other.

    A chunk that a leg did not find has nothing from it, as has the last one that it found. Equal scores keep the order
    in which the documents were stored.
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


def _relative(scores: Mapping[int, float]) -> dict[int, float]:
    if not scores:
        return {}
    least, most = min(scores.values()), max(scores.values())
    if most == least:
        return dict.fromkeys(scores, 1.0)
    return {chunk: (score - least) / (most - least) for chunk, score in scores.items()}

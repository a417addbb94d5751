"""What Weaviate's scores mean."""

import re
from collections.abc import Sequence
from typing import Final

_NUMBER: Final = r"([-+.\deE]+)"
_KEYWORD: Final = re.compile(rf"\(Result Set keyword,[^)]*\) Document [^:]*: original score {_NUMBER}")
_VECTOR: Final = re.compile(rf"\(Result Set vector,[^)]*\) Document [^:]*: original score {_NUMBER}")
"""In the explanation of a hybrid score: the only place where Weaviate tells what each leg thought."""


def keyword_score(explanation: str | None) -> float | None:
    """What the keyword leg of a hybrid search thought of an object."""
    return _original(_KEYWORD, explanation)


def similarity(explanation: str | None) -> float | None:
    """What its vector leg thought of it: the cosine; None for what that leg did not find."""
    return _original(_VECTOR, explanation)


def relative(scores: Sequence[float]) -> Sequence[float]:
    """Stretch scores over 0 to 1, as fusion does with each leg."""
    if not scores:
        return ()
    least, most = min(scores), max(scores)
    if most == least:
        return [1.0] * len(scores)
    return [(score - least) / (most - least) for score in scores]


def bounded(score: float | None) -> float:
    """A fused score, which may be a little more than 1."""
    return min(max(score or 0.0, 0.0), 1.0)


def _original(leg: re.Pattern[str], explanation: str | None) -> float | None:
    said = leg.search(explanation or "")
    return float(said[1]) if said else None

"""The scores that Weaviate reports."""

import re
from typing import Final

_NUMBER: Final = r"([-+.\deE]+)"
_KEYWORD: Final = re.compile(rf"\(Result Set keyword,[^)]*\) Document [^:]*: original score {_NUMBER}")
_VECTOR: Final = re.compile(rf"\(Result Set vector,[^)]*\) Document [^:]*: original score {_NUMBER}")
"""Parts of the explanation of a hybrid score, the only place where Weaviate reports the score of each leg."""


def keyword_score(explanation: str | None) -> float | None:
    """Return the score of a hybrid search's keyword leg; None for an object that it did not find."""
    return _original(_KEYWORD, explanation)


def similarity(explanation: str | None) -> float | None:
    """Return the score of its vector leg, a cosine; None for an object that it did not find."""
    return _original(_VECTOR, explanation)


def bounded(score: float | None) -> float:
    """Return a fused score within 0 to 1, which Weaviate exceeds by a little."""
    return min(max(score or 0.0, 0.0), 1.0)


def _original(leg: re.Pattern[str], explanation: str | None) -> float | None:
    said = leg.search(explanation or "")
    return float(said[1]) if said else None

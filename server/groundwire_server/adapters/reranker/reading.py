"""Reading what an endpoint says of texts: one rating for each, or none at all."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from groundwire_server.adapters.http.json_reply import read_json
from groundwire_server.adapters.reranker.dialects import RerankDialect
from groundwire_server.adapters.reranker.faults import InvalidRatingsFailure, RerankerFault
from groundwire_server.adapters.reranker.options import ScoreKind
from groundwire_server.domain.generation import Usage

_HAIR: Final = 1e-3
"""By which numbers of half precision may pass their bounds."""


def ratings_in(
    body: bytes, texts: Sequence[str], dialect: RerankDialect, scores: ScoreKind
) -> tuple[list[float], Usage | None]:
    """Return the rating of each text, 0 to 1, and what the model counted, if it did.

    Raises:
        InvalidRatingsFailure: when it is not one rating for each of these texts.
        Failure: that the body reports, with a status of 200.
    """
    return read_json(
        body,
        lambda whole: (_ratings(dialect.results(whole), texts, dialect, scores), dialect.usage(whole)),
        partial(InvalidRatingsFailure, RerankerFault.UNREADABLE),
    )


def _ratings(results: Any, texts: Sequence[str], dialect: RerankDialect, scores: ScoreKind) -> list[float]:
    if not isinstance(results, list):
        raise InvalidRatingsFailure(RerankerFault.UNREADABLE)
    if len(results) != len(texts):
        raise InvalidRatingsFailure(RerankerFault.COUNT)
    ratings: dict[int, float] = {}
    for result in results:
        index = result["index"]
        if type(index) is not int:
            raise InvalidRatingsFailure(RerankerFault.UNREADABLE)
        if not 0 <= index < len(texts) or index in ratings:
            raise InvalidRatingsFailure(RerankerFault.INDEX)
        text = dialect.text(result)
        if text is not None and text != texts[index]:
            raise InvalidRatingsFailure(RerankerFault.OTHER_TEXTS)
        ratings[index] = _KINDS[scores](_number(result[dialect.score]))
    return [ratings[index] for index in range(len(texts))]


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRatingsFailure(RerankerFault.UNREADABLE)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InvalidRatingsFailure(RerankerFault.NO_RATING)
    return number


def _probability(score: float) -> float:
    if not -_HAIR <= score <= 1 + _HAIR:
        raise InvalidRatingsFailure(RerankerFault.NO_RATING)
    return min(1.0, max(0.0, score))


def _sigmoid(score: float) -> float:
    # This form has no exponential that overflows.
    return 0.5 * (1 + math.tanh(score / 2))


def _halved(score: float) -> float:
    """A cosine becomes no probability by this; it keeps its order, and a threshold can be fitted to it."""
    return _probability((1 + score) / 2)


_KINDS: Final[Mapping[ScoreKind, Callable[[float], float]]] = MappingProxyType(
    {"probabilities": _probability, "logits": _sigmoid, "cosines": _halved}
)

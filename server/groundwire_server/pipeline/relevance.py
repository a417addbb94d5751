"""Rating the relevance of passages to a question, the same for every store.

The rating is a probability that was fitted by `bench/fitting/relevance.py`: that the passages are about what is asked,
and not merely the nearest that there are. `docs/explanation/relevance.md` has its error rates.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import Final

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.numbered import identifiers
from groundwire_server.domain.premises import names_of
from groundwire_server.domain.text.words import content_words, language_of, letters, occurring
from groundwire_server.files.fitted import Fitted, read_fitted

FEATURES: Final = ("similarity", "coverage", "found", "missing_names")
"""What a rating is computed from.

`similarity`: the cosine between question and passage, 0 to 1, times the share of the question that the embedder knows.
`coverage`: the share of the question's content words that the passage or the headings above it hold, long words
counting more; all of it where it holds the versions and other identifiers of the question, which name one thing alone.
`found`: how many those are, as a logarithm.
`missing_names`: the question's names that no passage holds, as a logarithm.

Two measures were tried and left out. The engine's keyword score separates well over a corpus of one size, and badly
over another: how rare a word can be depends on how many passages there are. How far the best passage is ahead of the
others changed nothing.
"""

VECTORS: Final = "vectors"
WORDS: Final = "words"


def rule() -> str:
    """Return the name of how relevance is computed: a threshold that was fitted to another rule does not hold."""
    return f"fitted@{_fitted().digest}"


def relevance(question: str, passages: Sequence[Passage], known: float = 1.0) -> list[float]:
    """Return the relevance of each passage to the question, 0 to 1.

    There are two estimates: one for a search with vectors, one without.

    Args:
        question: as it was searched.
        passages: what the search found, all of it: some measures are of the search as a whole.
        known: the share of the question, 0 to 1, that the embedder's vocabulary knows. Vectors of what it does not know
            are all alike and say nothing.
    """
    vectors = known > 0.0 and any(passage.scores.vector_similarity is not None for passage in passages)
    model = _fitted().models[VECTORS if vectors else WORDS]
    return [model.probability(each) for each in features(question, passages, known)]


def features(question: str, passages: Sequence[Passage], known: float) -> list[tuple[float, ...]]:
    """Return the features of each passage, in the order of `FEATURES`."""
    language = language_of(question)
    asked = content_words(question, language)
    size = letters(asked) or 1
    said = ["\n".join((*passage.place.section, passage.text)) for passage in passages]
    found = [occurring(asked, each, language) for each in said]
    named = identifiers(question)
    anywhere = frozenset[str]().union(*found)
    names = math.log1p(len(names_of(question, asked, language) - anywhere))
    return [
        (
            known * min(max(passage.scores.vector_similarity or 0.0, 0.0), 1.0),
            1.0 if named and named <= identifiers(text) else letters(held) / size,
            math.log1p(len(held)),
            names,
        )
        for passage, held, text in zip(passages, found, said, strict=True)
    ]


@cache
def _fitted() -> Fitted:
    return read_fitted("groundwire_server.pipeline", "relevance.toml", FEATURES)

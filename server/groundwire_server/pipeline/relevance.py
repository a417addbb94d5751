"""Rating the relevance of passages to a question, the same for every store.

`bench/quality.py` measured it on SQuAD 2.0: a share of 0.6 for the vectors tells questions that the corpus answers from
questions about something else better than either measure alone. Weighing words by how rare they are among the passages
made it worse: what one search found shares the rare words. Counting the title's words changed nothing.
"""

from collections.abc import Sequence

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.text.words import content_words, occurring

SIMILARITY_SHARE = 0.6

RULE = f"{SIMILARITY_SHARE:g} cosine + {1 - SIMILARITY_SHARE:g} coverage"
"""Names how relevance is computed: a threshold that was fitted to another rule does not hold."""


def relevance(question: str, passages: Sequence[Passage]) -> list[float]:
    """Return the relevance of each passage to the question, 0 to 1.

    It combines the cosine between their vectors with the share of the question's content words that the passage
    contains. Where one of them does not exist the other stands alone: one threshold fits both.
    """
    asked = content_words(question)
    return [_rate(asked, passage) for passage in passages]


def _rate(asked: frozenset[str], passage: Passage) -> float:
    cosine = passage.scores.vector_similarity
    similarity = None if cosine is None else min(max(cosine, 0.0), 1.0)
    coverage = len(occurring(asked, passage.text)) / len(asked) if asked else None
    if similarity is None:
        return coverage or 0.0
    if coverage is None:
        return similarity
    return SIMILARITY_SHARE * similarity + (1.0 - SIMILARITY_SHARE) * coverage

"""Words as sparse vectors.

Pinecone multiplies what a query and a passage have in common, and knows no frequencies. So a passage's words carry the
part of BM25 that depends on the passage alone, and a question's words all weigh the same: how rare a word is in the
corpus does not count.
"""

from collections import Counter
from hashlib import blake2b
from typing import Final

from groundwire_server.adapters.store.pinecone.records import SparseVector
from groundwire_server.adapters.store.terms import query_terms

MARK: Final = SparseVector((0,), (1.0,))
"""The dimension that every record has and no word: a query for it finds whatever satisfies a filter."""

_SATURATION: Final = 1.2
_LENGTH_WEIGHT: Final = 0.75
_USUAL_LENGTH: Final = 100
"""Content words of a passage of usual length: the average over the corpus is not known."""
_MOST_TERMS: Final = 1000
"""Of the 2,048 dimensions that Pinecone allows a sparse vector."""


def indexed(terms: str) -> SparseVector:
    """Return the terms of a passage as `passage_terms` makes them, with the mark."""
    counts = Counter(terms.split())
    length = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * counts.total() / _USUAL_LENGTH)
    weights = {0: 1.0}
    for term, count in counts.most_common(_MOST_TERMS):
        weight = count * (_SATURATION + 1) / (count + length)
        dimension = _dimension(term)
        weights[dimension] = weights.get(dimension, 0.0) + weight
    return SparseVector(tuple(weights), tuple(weights.values()))


def asked(text: str) -> SparseVector | None:
    """Return the words of a question, each once; None when it has none."""
    dimensions = tuple(dict.fromkeys(map(_dimension, query_terms(text))))
    return SparseVector(dimensions, (1.0,) * len(dimensions)) if dimensions else None


def _dimension(term: str) -> int:
    # Two words of 4 billion share a dimension so rarely that nobody sees it.
    return int.from_bytes(blake2b(term.encode(), digest_size=4).digest()) or 1

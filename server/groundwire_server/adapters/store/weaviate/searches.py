"""Searches by words, and by vectors that the server sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypedDict

import numpy as np
from numpy.typing import NDArray
from weaviate.classes.query import HybridFusion, MetadataQuery
from weaviate.collections import CollectionAsync
from weaviate.collections.classes.filters import FilterReturn
from weaviate.collections.classes.internal import Object

from groundwire_server.adapters.store.relative import relative
from groundwire_server.adapters.store.weaviate.objects import FoundPassage, read_passage
from groundwire_server.adapters.store.weaviate.options import SearchOptions
from groundwire_server.adapters.store.weaviate.scores import bounded, keyword_score
from groundwire_server.domain.evidence import Scores
from groundwire_server.domain.vector import Vector

_SCORE: Final = MetadataQuery(score=True)
_EXPLAINED_SCORE: Final = MetadataQuery(score=True, explain_score=True)


class CommonArguments(TypedDict):
    """The arguments that the client's searches have in common."""

    limit: int
    auto_limit: int | None
    filters: FilterReturn
    return_properties: list[str]


@dataclass(frozen=True, slots=True)
class ChunkSearch:
    """A search of one tenant's chunks.

    Attributes:
        handle: the tenant's part of the collection.
        terms: the words of the question for the keyword leg; empty without that leg.
        common: the limits, the filter, and the properties to return.
        alpha: the weight of meaning beside words; None takes the route's.
    """

    handle: CollectionAsync[Any, Any]
    terms: str
    common: CommonArguments
    alpha: float | None = None


class VectorSearch:
    """The searches of one route that need no vectors, or vectors of an embedder.

    Args:
        options: of the route.
        vector: the name of the vector.
        fields: the properties that the keyword leg searches, in Weaviate's notation.
    """

    def __init__(self, options: SearchOptions, vector: str, fields: Sequence[str]) -> None:
        self._options = options
        self._vector = vector
        self._fields = list(fields)

    async def keyword(self, search: ChunkSearch) -> Sequence[FoundPassage]:
        """Search by words alone."""
        found = await search.handle.query.bm25(
            search.terms,
            query_properties=self._fields,
            return_metadata=_SCORE,
            **search.common,
        )
        scores = [each.metadata.score or 0.0 for each in found.objects]
        return [
            read_passage(each.properties, Scores(None, score, fused))
            for each, score, fused in zip(found.objects, scores, relative(scores), strict=True)
        ]

    async def meaning(self, search: ChunkSearch, vector: Vector) -> Sequence[FoundPassage]:
        """Search by meaning alone."""
        found = await search.handle.query.near_vector(
            vector.tolist(),
            target_vector=self._vector,
            distance=self._options.max_vector_distance,
            include_vector=[self._vector],
            **search.common,
        )
        similarities = self._similarities(found.objects, vector)
        stretched = relative([similarity or 0.0 for similarity in similarities])
        return [
            read_passage(each.properties, Scores(similarity, None, fused))
            for each, similarity, fused in zip(found.objects, similarities, stretched, strict=True)
        ]

    async def both(self, search: ChunkSearch, vector: Vector) -> Sequence[FoundPassage]:
        """Search by words and by meaning."""
        found = await search.handle.query.hybrid(
            search.terms,
            alpha=self._options.alpha if search.alpha is None else search.alpha,
            vector=vector.tolist(),
            target_vector=self._vector,
            fusion_type=HybridFusion.RELATIVE_SCORE,
            max_vector_distance=self._options.max_vector_distance,
            query_properties=self._fields,
            include_vector=[self._vector],
            return_metadata=_EXPLAINED_SCORE,
            **search.common,
        )
        return [
            read_passage(
                each.properties,
                Scores(similarity, keyword_score(each.metadata.explain_score), bounded(each.metadata.score)),
            )
            for each, similarity in zip(found.objects, self._similarities(found.objects, vector), strict=True)
        ]

    def _similarities(self, found: Sequence[Object[Any, Any]], vector: Vector) -> Sequence[float | None]:
        """Return the cosines of the objects that have a vector; products, because vectors have unit length."""
        asked = np.frombuffer(vector, np.float32)
        stored = [each.vector.get(self._vector) for each in found]
        rows: NDArray[np.float32] = np.array([each for each in stored if each], np.float32).reshape(-1, len(asked))
        products = iter((rows @ asked).tolist())
        return [next(products) if each else None for each in stored]

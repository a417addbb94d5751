"""Searches where a vectorizer module of Weaviate makes the vectors: questions are sent as words.

A vector search returns distances. A hybrid search returns none, but the explanation of its scores has the similarity of
what the vector leg found. What the keyword leg alone found is measured by another search, restricted to those objects,
for which the module embeds the question again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from weaviate.classes.query import Filter as Where
from weaviate.classes.query import HybridFusion, HybridVector, MetadataQuery
from weaviate.collections import CollectionAsync

from groundwire_server.adapters.store.relative import relative
from groundwire_server.adapters.store.weaviate.objects import FoundPassage, read_passage
from groundwire_server.adapters.store.weaviate.options import SearchOptions
from groundwire_server.adapters.store.weaviate.scores import bounded, keyword_score, similarity
from groundwire_server.adapters.store.weaviate.searches import ChunkSearch
from groundwire_server.domain.evidence import Scores


class ModuleSearch:
    """The searches of one route that need vectors of a module.

    Args:
        options: of the route.
        vector: the name of the vector.
        fields: the properties that the keyword leg searches, in Weaviate's notation.
    """

    def __init__(self, options: SearchOptions, vector: str, fields: Sequence[str]) -> None:
        self._options = options
        self._vector = vector
        self._fields = list(fields)

    async def meaning(self, search: ChunkSearch, text: str) -> Sequence[FoundPassage]:
        """Search by meaning alone."""
        found = await search.handle.query.near_text(
            text,
            target_vector=self._vector,
            distance=self._options.max_vector_distance,
            return_metadata=MetadataQuery(distance=True),
            **search.common,
        )
        similarities = [_similarity(each.metadata.distance) for each in found.objects]
        return [
            read_passage(each.properties, Scores(near, None, fused))
            for each, near, fused in zip(found.objects, similarities, relative(similarities), strict=True)
        ]

    async def both(self, search: ChunkSearch, text: str) -> Sequence[FoundPassage]:
        """Search by words and by meaning."""
        found = await search.handle.query.hybrid(
            search.terms,
            alpha=self._options.alpha if search.alpha is None else search.alpha,
            # The index holds stems; a model needs the words of the question as they are.
            vector=HybridVector.near_text(text),
            target_vector=self._vector,
            fusion_type=HybridFusion.RELATIVE_SCORE,
            max_vector_distance=self._options.max_vector_distance,
            query_properties=self._fields,
            return_metadata=MetadataQuery(score=True, explain_score=True),
            **search.common,
        )
        similarities = {str(each.uuid): similarity(each.metadata.explain_score) for each in found.objects}
        unknown = [each for each, near in similarities.items() if near is None]
        measured = await self._measured(search.handle, text, unknown) if unknown else {}
        return [
            read_passage(
                each.properties,
                Scores(
                    measured.get(str(each.uuid), similarities[str(each.uuid)]),
                    keyword_score(each.metadata.explain_score),
                    bounded(each.metadata.score),
                ),
            )
            for each in found.objects
        ]

    async def _measured(self, handle: CollectionAsync[Any, Any], text: str, ids: Sequence[str]) -> Mapping[str, float]:
        found = await handle.query.near_text(
            text,
            target_vector=self._vector,
            limit=len(ids),
            filters=Where.by_id().contains_any(list(ids)),
            return_metadata=MetadataQuery(distance=True),
            return_properties=[],
        )
        return {str(each.uuid): _similarity(each.metadata.distance) for each in found.objects}


def _similarity(distance: float | None) -> float:
    return 1.0 - (2.0 if distance is None else distance)

"""How a route searches."""

from typing import Annotated

from pydantic import Field

from groundwire_server.adapters.store.weaviate.options import Consistency, SearchField, SearchMode, SearchOptions
from groundwire_server.app.configuration.models.section import Section

Boost = Annotated[float, Field(gt=0, le=100)]


class Search(Section):
    """How a route searches a store of the kind `weaviate`."""

    mode: SearchMode = Field(
        SearchMode.HYBRID, description="By words and meaning (`hybrid`), words alone, or meaning alone (`vector`)."
    )
    alpha: float = Field(0.5, ge=0, le=1, description="The weight of meaning in a hybrid search, from 0 to 1.")
    query_properties: dict[SearchField, Boost] = Field(
        default_factory=lambda: {SearchField.TEXT: 1.0},
        min_length=1,
        description="Where words are looked for, each with its boost: `text`, `title`.",
        examples=[{"text": 1.0, "title": 2.0}],
    )
    autocut: int | None = Field(
        None, ge=1, le=64, description="Stop after so many jumps in the scores; never if none.", examples=[1]
    )
    max_vector_distance: float | None = Field(
        None, ge=0, le=2, description="Leave out what is farther, in cosine distance; nothing if none.", examples=[0.7]
    )
    consistency: Consistency = Field(
        Consistency.ONE, description="Replicas that must agree on what is found: ONE, QUORUM or ALL."
    )

    def options(self) -> SearchOptions:
        """What the store takes."""
        return SearchOptions(
            self.mode,
            self.alpha,
            self.query_properties,
            self.autocut,
            self.max_vector_distance,
            self.consistency,
        )

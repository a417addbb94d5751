"""What a search asks and finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from groundwire_server.domain.filters import Filter
from groundwire_server.domain.metadata import MetadataValue
from groundwire_server.domain.vector import Vector


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for.

    Attributes:
        text: for the keyword leg.
        vector: for the vector leg; without one the search is by keyword alone.
        top_k: the most passages to return.
        filter: narrows the search to documents whose metadata satisfies it.
    """

    text: str
    vector: Vector | None
    top_k: int
    filter: Filter | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """A passage's measures; None where one was not computed. They are not comparable with each other.

    Attributes:
        vector_similarity: cosine between question and passage, -1 to 1.
        keyword: the engine's BM25, 0 and up, comparable within one search only.
        fused: both combined, 0 to 1, normalised per search: it says nothing absolute.
        relevance: estimate of how well the passage bears on the question, 0 to 1; set by `pipeline/select.py`.
    """

    vector_similarity: float | None = None
    keyword: float | None = None
    fused: float | None = None
    relevance: float | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document, or one that the caller brought (then without document and revision)."""

    chunk_id: str
    text: str
    document_id: str = ""
    title: str = ""
    source_uri: str = ""
    ordinal: int = 0
    revision: int = 0
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    allowed_principals: frozenset[str] = frozenset()
    scores: Scores = Scores()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a search found, best first, in one version of the corpus."""

    passages: tuple[Passage, ...] = ()
    corpus_version: str = ""

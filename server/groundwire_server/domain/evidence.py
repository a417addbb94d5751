"""The query of a search, and what it finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from groundwire_server.domain.document import Place
from groundwire_server.domain.filters import Filter
from groundwire_server.domain.metadata import MetadataValue
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Priority


@dataclass(frozen=True, slots=True)
class Query:
    """A query.

    Attributes:
        text: for the keyword search.
        vector: for the vector search; None searches by keyword alone.
        top_k: the maximum number of passages.
        filter: restricts the search to documents whose metadata match.
        priority: whether it waits for others when there is too much to do.
        alpha: the weight of meaning in a search by words and meaning, 0 to 1; None leaves that to the store.
    """

    text: str
    vector: Vector | None
    top_k: int
    filter: Filter | None = None
    priority: Priority = Priority.INTERACTIVE
    alpha: float | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of a passage; None where one was not computed. They cannot be compared with each other.

    Attributes:
        vector_similarity: cosine between question and passage, -1 to 1.
        keyword: the engine's BM25, at least 0; comparable within one search only.
        fused: both combined, 0 to 1, normalised per search; it has no absolute meaning.
        relevance: the estimated relevance to the question, 0 to 1; set by `pipeline/retrieve.py`. A neighbour has that
            of the passage beside which it stands.
        reranker: the rating of the route's reranker, 0 to 1, which orders passages; set there too.
    """

    vector_similarity: float | None = None
    keyword: float | None = None
    fused: float | None = None
    relevance: float | None = None
    reranker: float | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of a document, or one that the caller provided (then without document and revision).

    Attributes:
        ordinal: its place among the passages of its document, from 0.
        neighbour: whether it was not selected itself, but stands beside one that was.
        flags: the kinds of content that guards found in it, in alphabetical order.
        trusted: whether what it says can verify an answer; what a guard distrusts cannot.
    """

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
    place: Place = Place()
    neighbour: bool = False
    flags: tuple[str, ...] = ()
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class VisiblePassages:
    """Those of some passages that stand as they were found and that a caller may see now.

    Attributes:
        chunk_ids: theirs.
        corpus_version: that a search would find its passages in; as old as a search's may be.
    """

    chunk_ids: frozenset[str] = frozenset()
    corpus_version: str = ""


def ordinals_around(passage: Passage, reach: int) -> set[int]:
    """Return the ordinals of a passage, of those within reach of it, and of the first of its parent section."""
    around = set(range(max(passage.ordinal - reach, 0), passage.ordinal + reach + 1))
    return around if passage.place.parent is None else around | {passage.place.parent}


@dataclass(frozen=True, slots=True)
class Evidence:
    """The passages that a search found, best first, in one version of the corpus.

    Attributes:
        passages: best first.
        corpus_version: read no later than the passages.
        overtaken: whether a change of the corpus explains passages among them that the caller may not see.
        searched: what was searched for in place of the question, none of whose words was found; empty where nothing.
        unknown: the terms of what was searched for that no passage has among those that the caller may see, and that
            the filter admits; None where the store cannot tell.
    """

    passages: tuple[Passage, ...] = ()
    corpus_version: str = ""
    overtaken: bool = False
    searched: str = ""
    unknown: frozenset[str] | None = None

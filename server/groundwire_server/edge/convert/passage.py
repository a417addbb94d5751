"""Passages."""

from collections.abc import Iterable

from groundwire.v1 import passage_pb2
from groundwire_server.domain.evidence import Passage
from groundwire_server.edge.convert import metadata


def passages_to_pb(passages: Iterable[Passage]) -> list[passage_pb2.Passage]:
    """Write passages, in order."""
    return [_to_pb(passage) for passage in passages]


def _to_pb(passage: Passage) -> passage_pb2.Passage:
    scores = passage.scores
    message = passage_pb2.Passage(
        chunk_id=passage.chunk_id,
        document_id=passage.document_id,
        title=passage.title,
        source_uri=passage.source_uri,
        text=passage.text,
        ordinal=passage.ordinal,
        revision=passage.revision,
        # Protobuf leaves a field unset when it is given None.
        scores=passage_pb2.Scores(
            vector_similarity=scores.vector_similarity,
            keyword=scores.keyword,
            fused=scores.fused,
            relevance=scores.relevance,
        ),
    )
    metadata.fill(message.metadata, passage.metadata)
    return message

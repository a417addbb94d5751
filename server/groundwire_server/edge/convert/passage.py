"""Passages."""

from collections.abc import Iterable

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

from groundwire.v1 import passage_pb2
from groundwire_server.domain.document import Place
from groundwire_server.domain.evidence import Passage
from groundwire_server.edge.convert import metadata
from groundwire_server.edge.convert.words import PASSAGE_KINDS
from groundwire_server.markup.beginning import excerpt


def fill_passages(
    messages: "RepeatedCompositeFieldContainer[passage_pb2.Passage]",
    passages: Iterable[Passage],
    *,
    excerpts: bool = False,
) -> None:
    """Write passages into a message's field, in order.

    Args:
        messages: the field.
        passages: best first.
        excerpts: whether each has an excerpt, to be shown in the place of an answer.
    """
    for passage in passages:
        message = messages.add(
            chunk_id=passage.chunk_id,
            document_id=passage.document_id,
            title=passage.title,
            source_uri=passage.source_uri,
            text=passage.text,
            ordinal=passage.ordinal,
            revision=passage.revision,
            excerpt=excerpt(passage.text) if excerpts else "",
            flags=passage.flags,
        )
        if passage.document_id:
            fill_place(message.place, passage.place)
        scores, measured = message.scores, passage.scores
        scores.SetInParent()
        if measured.vector_similarity is not None:
            scores.vector_similarity = measured.vector_similarity
        if measured.keyword is not None:
            scores.keyword = measured.keyword
        if measured.fused is not None:
            scores.fused = measured.fused
        if measured.relevance is not None:
            scores.relevance = measured.relevance
        if measured.reranker is not None:
            scores.reranker = measured.reranker
        if passage.metadata:
            metadata.fill(message.metadata, passage.metadata)


def fill_place(message: passage_pb2.Place, place: Place) -> None:
    """Write where a passage stands into a message."""
    message.section.extend(place.section)
    message.page = place.page
    message.kind = PASSAGE_KINDS[place.kind]

"""Passages and citations as plain values, for libraries that keep metadata in a dictionary."""

from typing import Any

from groundwire.v1.filter_pb2 import MetadataValue
from groundwire.v1.grounding_pb2 import Citation
from groundwire.v1.passage_pb2 import Passage, PassageKind, Place


def passage_metadata(passage: Passage) -> dict[str, Any]:
    """Return all that a passage says beside its text, as values that JSON can hold.

    The keys are the contract's, without ``page`` or ``kind`` where there is none. ``metadata`` holds the document's own
    values, and ``scores`` those measures that were computed.
    """
    return {
        "chunk_id": passage.chunk_id,
        "document_id": passage.document_id,
        "title": passage.title,
        "source_uri": passage.source_uri,
        **_place(passage.place),
        "ordinal": passage.ordinal,
        "revision": passage.revision,
        "scores": {field.name: value for field, value in passage.scores.ListFields()},
        "metadata": {key: _plain(value) for key, value in sorted(passage.metadata.items())},
    }


def citation_metadata(citation: Citation) -> dict[str, Any]:
    """Return what a citation says of its passage, as values that JSON can hold; the keys are the contract's."""
    return {
        "chunk_id": citation.chunk_id,
        "document_id": citation.document_id,
        "title": citation.title,
        "source_uri": citation.source_uri,
        "link": citation.link,
        **_place(citation.place),
    }


def best_score(passage: Passage) -> float | None:
    """Return the measure to compare passages by: the reranker's, else the relevance, else the fused one."""
    for name in ("reranker", "relevance", "fused"):
        if passage.scores.HasField(name):
            value: float = getattr(passage.scores, name)
            return value
    return None


def _place(place: Place) -> dict[str, Any]:
    said: dict[str, Any] = {"section": list(place.section)}
    if place.page:
        said["page"] = place.page
    if place.kind:
        kinds = PassageKind.DESCRIPTOR.values_by_number
        # A kind that this client does not know is none.
        if place.kind in kinds:
            said["kind"] = kinds[place.kind].name.removeprefix("PASSAGE_KIND_").lower()
    return said


def _plain(value: MetadataValue) -> str | float | bool | list[str] | None:
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "number_value":
            return value.number_value
        case "bool_value":
            return value.bool_value
        case "list_value":
            return list(value.list_value.values)
        case _:
            return None

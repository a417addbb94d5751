"""Values as stores keep them: metadata and places as JSON, times as text that sorts by time, vectors as float32."""

import json
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from groundwire_server.domain.document import PassageKind, Place, Sentence
from groundwire_server.domain.metadata import Metadata, MetadataValue
from groundwire_server.domain.vector import Vector

BYTES_A_NUMBER = 4


def packed_metadata(metadata: Metadata) -> str:
    """Return metadata as JSON."""
    return json.dumps(dict(metadata))


def unpacked_metadata(written: str) -> dict[str, MetadataValue]:
    """Return the metadata that JSON holds."""
    return typed_metadata(json.loads(written))


def typed_metadata(read: Mapping[str, Any]) -> dict[str, MetadataValue]:
    """Return metadata, with tuples for the lists that JSON has."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in read.items()}


def packed_place(place: Place) -> str:
    """Return a passage's place as JSON."""
    where = place.page if place.parent is None else [place.page, place.parent]
    return json.dumps([place.kind.value, where, *place.section])


def unpacked_place(written: str) -> Place:
    """Return the place that JSON holds."""
    return read_place(json.loads(written))


def read_place(read: Sequence[Any]) -> Place:
    """Return the place that is in a list that was read from JSON."""
    kind, where, *section = read
    page, parent = where if isinstance(where, list) else (where, None)
    return Place(tuple(section), page, PassageKind(kind), parent)


def packed_time(moment: datetime) -> str:
    """Return a time as text of a fixed length, which sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def packed_vectors(vectors: Iterable[Vector]) -> bytes:
    """Return vectors as bytes, one after the other."""
    whole = array("f")
    for vector in vectors:
        whole.extend(vector)
    if sys.byteorder == "big":
        whole.byteswap()
    return whole.tobytes()


def unpacked_vector(written: bytes) -> Vector:
    """Return the vector that bytes hold."""
    vector = array("f", written)
    if sys.byteorder == "big":
        vector.byteswap()
    return vector


def packed_sentences(sentences: Sequence[Sentence]) -> tuple[str, bytes]:
    """Return sentences as two values: their spans, each with whether it has a vector, and the vectors."""
    spans = [(sentence.start, sentence.end, sentence.vector is not None) for sentence in sentences]
    return json.dumps(spans), packed_vectors(sentence.vector for sentence in sentences if sentence.vector is not None)


def unpacked_sentences(spans: str, vectors: bytes) -> tuple[Sentence, ...]:
    """Return the sentences that two values hold."""
    read: list[tuple[int, int, bool]] = json.loads(spans)
    count = sum(has_vector for _, _, has_vector in read)
    size = len(vectors) // count if count else 0
    pieces = (unpacked_vector(vectors[start : start + size]) for start in range(0, len(vectors), size or 1))
    return tuple(Sentence(start, end, next(pieces) if has_vector else None) for start, end, has_vector in read)

"""Conversion of documents and chunks to objects of Weaviate and back."""

import hashlib
import json
import uuid
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from groundwire_server.adapters.store.packing import (
    packed_place,
    packed_sentences,
    packed_time,
    typed_metadata,
    unpacked_place,
    unpacked_sentences,
)
from groundwire_server.adapters.store.terms import index_terms, passage_terms
from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate import tokens
from groundwire_server.domain.document import Chunk, Document, DocumentInfo, Sentence, TextFormat
from groundwire_server.domain.evidence import Passage, Scores
from groundwire_server.domain.vector import Vector

_OBJECTS: Final = uuid.UUID("6f0f4f0b-96d3-5d0b-8f6a-3a1f5f0c1d52")

CORPUS_ID: Final = str(uuid.uuid5(_OBJECTS, "corpus"))
"""The id of the object that stands for a tenant's corpus."""

WHOLE_TEXT: Final = -1
"""The ordinal of the object with a document's whole text, kept beside its chunks and never found by a search."""

RETURNED: Final = (p.CHUNK_ID, p.ORDINAL, p.REVISION, p.BODY, p.TEXT, p.ABOUT, p.PLACE, p.ACCESS)
"""The properties that `read_passage` needs."""

DESCRIBED: Final = (
    p.ABOUT,
    p.ACCESS,
    p.BODY,
    p.BODY_HASH,
    p.CHUNK_COUNT,
    p.CONTENT_HASH,
    p.LIVE,
    p.REVISION,
    p.SIZE_BYTES,
)
"""The properties that `read_head` needs."""


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object to write."""

    id: str
    properties: Mapping[str, Any]
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The description of a document; a deleted one keeps its revision.

    It is one object, so that writing it is the moment in which a change of the document takes effect.

    Attributes:
        key: the document's uuid.
        info: of the current revision.
        live: whether the document exists for callers on its access list.
        body: the change that wrote its text and chunks, and no others count; a change of the access list alone does not
            write them. Empty where there are none.
        body_hash: of everything but the access list.
    """

    key: str
    info: DocumentInfo
    live: bool
    body: str
    body_hash: str

    @property
    def revision(self) -> int:
        """The revision that is stored; 0 when there is no document."""
        return self.info.revision if self.live else 0


def document_key(document_id: str) -> str:
    """Return the uuid of a document within its tenant."""
    return str(uuid.uuid5(_OBJECTS, f"document {document_id}"))


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A chunk that a search has found.

    Attributes:
        passage: as it was written.
        body: the change that wrote it.
    """

    passage: Passage
    body: str


def text_key(document: str, body: str) -> str:
    """Return the uuid of a document's whole text."""
    return str(uuid.uuid5(_OBJECTS, f"text {document} {body}"))


def chunk_key(document: str, body: str, place: int) -> str:
    """Return the uuid of the chunk at a place of a document, from 0."""
    return str(uuid.uuid5(_OBJECTS, f"chunk {document} {body} {place}"))


def keys_of(document: str, body: str, chunk_count: int) -> Sequence[str]:
    """Return the uuids of all that one change wrote of a document, whether an index has them or not."""
    return [text_key(document, body), *(chunk_key(document, body, place) for place in range(chunk_count))]


def whole_text(*, vectorized: bool) -> str:
    """Return the property for a document's whole text, which no vectorizer reads, so that it has no vector."""
    return p.WHOLE if vectorized else p.TEXT


def body_hash(document: Document, chunks: Sequence[Chunk]) -> str:
    """Return a hash over everything that is stored but the access list."""
    known = [document.title, document.text_format.value, document.source_uri, sorted(document.metadata.items())]
    hashed = hashlib.blake2b(json.dumps(known).encode(), digest_size=24)
    hashed.update(document.text.encode("utf-8", "surrogatepass"))
    for chunk in chunks:
        spans, vectors = packed_sentences(chunk.sentences)
        hashed.update(
            json.dumps([chunk.chunk_id, chunk.ordinal, chunk.text, packed_place(chunk.place), spans]).encode()
        )
        hashed.update(b"" if chunk.vector is None else chunk.vector.tobytes())
        hashed.update(vectors)
    return hashed.hexdigest()


def position(document_id: str) -> str:
    """Return the document id in a form that every collation sorts by code points."""
    return document_id.encode("utf-8", "surrogatepass").hex()


def recency(document_id: str, updated: datetime) -> str:
    """Return the time of a document's revision and its position, in a form that sorts by both."""
    return f"{packed_time(updated)} {position(document_id)}"


def access(principals: Iterable[str]) -> list[str]:
    """Return an access list as tokens."""
    return [tokens.principal_token(principal) for principal in sorted(principals)]


def principals_of(found: Mapping[str, Any]) -> frozenset[str]:
    """Return the access list of an object."""
    return frozenset(tokens.principal_of(token) for token in found.get(p.ACCESS) or ())


def head_object(head: Head) -> NewObject:
    """Return a head as an object."""
    info = head.info
    about = {
        "document_id": info.document_id,
        "title": info.title,
        "source_uri": info.source_uri,
        "metadata": dict(info.metadata),
        "updated": packed_time(info.updated),
        "text_format": info.text_format.value,
    }
    written = {
        p.DOCUMENT: head.key,
        p.POSITION: position(info.document_id),
        p.RECENCY: recency(info.document_id, info.updated),
        p.ABOUT: json.dumps(about),
        p.ACCESS: access(info.allowed_principals),
        p.FACTS: tokens.facts(info.metadata),
        p.LIVE: head.live,
        p.REVISION: info.revision,
        p.BODY: head.body,
        p.CONTENT_HASH: info.content_hash,
        p.BODY_HASH: head.body_hash,
        p.CHUNK_COUNT: info.chunk_count,
        p.SIZE_BYTES: info.size_bytes,
    }
    return NewObject(head.key, written)


def read_head(found: Mapping[str, Any]) -> Head:
    """Return the head that an object holds."""
    about = json.loads(found[p.ABOUT])
    info = DocumentInfo(
        document_id=about["document_id"],
        title=about["title"],
        source_uri=about["source_uri"],
        metadata=typed_metadata(about["metadata"]),
        allowed_principals=principals_of(found),
        revision=int(found[p.REVISION]),
        content_hash=found[p.CONTENT_HASH],
        chunk_count=int(found[p.CHUNK_COUNT]),
        size_bytes=int(found[p.SIZE_BYTES]),
        updated=datetime.fromisoformat(about["updated"]),
        text_format=TextFormat(about["text_format"]),
    )
    return Head(document_key(info.document_id), info, found[p.LIVE], found[p.BODY], found[p.BODY_HASH])


def tombstone(held: Head) -> Head:
    """Return what a deleted document leaves behind: its revision, so that numbers are never used twice."""
    info = DocumentInfo(
        held.info.document_id,
        "",
        "",
        {},
        frozenset(),
        held.info.revision,
        "",
        0,
        0,
        held.info.updated,
    )
    return Head(held.key, info, live=False, body="", body_hash="")


def chunk_objects(
    head: Head, document: Document, chunks: Sequence[Chunk], *, vectorized: bool = False
) -> Iterable[NewObject]:
    """Yield a revision's whole text and its chunks as objects, each made when it is needed.

    Args:
        head: of the revision.
        document: that the chunks are of.
        chunks: its passages.
        vectorized: whether Weaviate makes the vectors, from the texts.
    """
    about = {
        "document_id": document.document_id,
        "title": document.title,
        "source_uri": document.source_uri,
        "metadata": dict(document.metadata),
    }
    key, body = head.key, head.body
    shared = {
        p.DOCUMENT: key,
        p.BODY: body,
        p.REVISION: head.info.revision,
        p.ACCESS: access(document.allowed_principals),
    }
    yield NewObject(
        text_key(key, body), {**shared, p.ORDINAL: WHOLE_TEXT, whole_text(vectorized=vectorized): document.text}
    )
    shared[p.ABOUT] = json.dumps(about)
    shared[p.FACTS] = tokens.facts(document.metadata)
    (shared[p.TITLE_TERMS],) = index_terms(document.text, [document.title])
    terms = passage_terms(document.text, chunks)
    if vectorized:
        shared[p.TITLE] = document.title
    for place, (chunk, chunk_terms) in enumerate(zip(chunks, terms, strict=True)):
        written = {
            **shared,
            p.CHUNK: tokens.digest(chunk.chunk_id),
            p.CHUNK_ID: chunk.chunk_id,
            p.ORDINAL: chunk.ordinal,
            p.TEXT: chunk.text,
            p.PLACE: packed_place(chunk.place),
            p.TERMS: chunk_terms,
        }
        if chunk.sentences:
            spans, vectors = packed_sentences(chunk.sentences)
            written |= {p.SPANS: spans, p.SENTENCE_VECTORS: b64encode(vectors).decode()}
        yield NewObject(
            chunk_key(key, body, place),
            written,
            None if vectorized else chunk.vector,
        )


def read_sentences(found: Mapping[str, Any]) -> Sequence[Sentence]:
    """Return the sentences of the chunk that an object holds."""
    return unpacked_sentences(found[p.SPANS], b64decode(found[p.SENTENCE_VECTORS] or ""))


def read_passage(found: Mapping[str, Any], scores: Scores) -> FoundPassage:
    """Return the chunk that an object holds, as a passage."""
    about = json.loads(found[p.ABOUT])
    passage = Passage(
        chunk_id=found[p.CHUNK_ID],
        text=found[p.TEXT],
        document_id=about["document_id"],
        title=about["title"],
        source_uri=about["source_uri"],
        ordinal=int(found[p.ORDINAL]),
        revision=int(found[p.REVISION]),
        metadata=typed_metadata(about["metadata"]),
        allowed_principals=principals_of(found),
        scores=scores,
        place=unpacked_place(found[p.PLACE]),
    )
    return FoundPassage(passage, found[p.BODY])

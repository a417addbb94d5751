"""Documents and chunks as objects of Weaviate, and back."""

import hashlib
import json
import uuid
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from groundwire_server.adapters.store.packing import packed_sentences, packed_time, typed_metadata, unpacked_sentences
from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate import tokens
from groundwire_server.domain.document import Chunk, Document, DocumentInfo, Sentence
from groundwire_server.domain.evidence import Passage, Scores
from groundwire_server.domain.vector import Vector

_OBJECTS: Final = uuid.UUID("6f0f4f0b-96d3-5d0b-8f6a-3a1f5f0c1d52")

CORPUS_ID: Final = str(uuid.uuid5(_OBJECTS, "corpus"))
"""Of the object that stands for a tenant's corpus."""

WHOLE_TEXT: Final = -1
"""The ordinal of the object that keeps a document's text beside its chunks; no search can find it."""

RETURNED: Final = (p.CHUNK_ID, p.ORDINAL, p.REVISION, p.TEXT, p.ABOUT, p.ACCESS)
"""What a passage is made of."""

DESCRIBED: Final = (
    p.ABOUT,
    p.ACCESS,
    p.BODY,
    p.BODY_HASH,
    p.CHANGE,
    p.CHUNK_COUNT,
    p.CONTENT_HASH,
    p.LIVE,
    p.REVISION,
    p.SIZE_BYTES,
)
"""What a head is made of."""


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object to be written."""

    id: str
    properties: Mapping[str, Any]
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What is kept about a document; a deleted one leaves its revision behind.

    Attributes:
        key: the document's uuid.
        info: about the revision that counts.
        live: whether it exists for those who may see it.
        body: the revision that its chunks were written in; an access list alone changes without writing them.
        body_hash: of all but the access list.
        change: the corpus version that an unfinished change makes, empty when there is none: until it is finished the
            chunks may be of several revisions.
    """

    key: str
    info: DocumentInfo
    live: bool
    body: int
    body_hash: str
    change: str = ""

    @property
    def revision(self) -> int:
        """The revision that is stored; 0 when there is no document."""
        return self.info.revision if self.live else 0


def document_key(document_id: str) -> str:
    """The uuid of a document within its tenant."""
    return str(uuid.uuid5(_OBJECTS, f"document {document_id}"))


def text_key(document: str, body: int) -> str:
    """The uuid of a document's whole text."""
    return str(uuid.uuid5(_OBJECTS, f"text {document} {body}"))


def whole_text(*, vectorized: bool) -> str:
    """The property that holds a document's text; without what a vectorizer reads it has no vector."""
    return p.WHOLE if vectorized else p.TEXT


def body_hash(document: Document, chunks: Sequence[Chunk]) -> str:
    """A hash over all that is stored but the access list."""
    known = [document.title, document.source_uri, sorted(document.metadata.items())]
    hashed = hashlib.blake2b(json.dumps(known).encode(), digest_size=24)
    hashed.update(document.text.encode("utf-8", "surrogatepass"))
    for chunk in chunks:
        spans, vectors = packed_sentences(chunk.sentences)
        hashed.update(json.dumps([chunk.chunk_id, chunk.ordinal, chunk.text, spans]).encode())
        hashed.update(b"" if chunk.vector is None else chunk.vector.tobytes())
        hashed.update(vectors)
    return hashed.hexdigest()


def position(document_id: str) -> str:
    """The document id in a form whose order is that of the code points, whatever compares it."""
    return document_id.encode("utf-8", "surrogatepass").hex()


def recency(document_id: str, updated: datetime) -> str:
    """When a document was stored, then its position, in a form that sorts by both."""
    return f"{packed_time(updated)} {position(document_id)}"


def access(principals: Iterable[str]) -> list[str]:
    """An access list as tokens."""
    return [tokens.principal_token(principal) for principal in sorted(principals)]


def principals_of(found: Mapping[str, Any]) -> frozenset[str]:
    """An object's access list."""
    return frozenset(tokens.principal_of(token) for token in found.get(p.ACCESS) or ())


def head_object(head: Head) -> NewObject:
    """Write a head."""
    info = head.info
    about = {
        "document_id": info.document_id,
        "title": info.title,
        "source_uri": info.source_uri,
        "metadata": dict(info.metadata),
        "updated": packed_time(info.updated),
    }
    written = {
        p.DOCUMENT: head.key,
        p.POSITION: position(info.document_id),
        p.RECENCY: recency(info.document_id, info.updated),
        p.ABOUT: json.dumps(about),
        p.ACCESS: access(info.allowed_principals),
        p.FACTS: tokens.facts(info.metadata),
        p.LIVE: head.live,
        p.CHANGE: head.change,
        p.REVISION: info.revision,
        p.BODY: head.body,
        p.CONTENT_HASH: info.content_hash,
        p.BODY_HASH: head.body_hash,
        p.CHUNK_COUNT: info.chunk_count,
        p.SIZE_BYTES: info.size_bytes,
    }
    return NewObject(head.key, written)


def read_head(found: Mapping[str, Any]) -> Head:
    """Read a head."""
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
    )
    return Head(
        document_key(info.document_id), info, found[p.LIVE], int(found[p.BODY]), found[p.BODY_HASH], found[p.CHANGE]
    )


def chunk_objects(
    key: str, document: Document, revision: int, chunks: Sequence[Chunk], *, vectorized: bool = False
) -> Iterable[NewObject]:
    """Write a revision's chunks, and its text; one at a time, as they are needed.

    Args:
        key: of the document.
        document: what it holds.
        revision: its number.
        chunks: its passages.
        vectorized: whether Weaviate makes the vectors, from their texts.
    """
    about = {
        "document_id": document.document_id,
        "title": document.title,
        "source_uri": document.source_uri,
        "metadata": dict(document.metadata),
    }
    shared = {
        p.DOCUMENT: key,
        p.REVISION: revision,
        p.ACCESS: access(document.allowed_principals),
    }
    yield NewObject(
        text_key(key, revision), {**shared, p.ORDINAL: WHOLE_TEXT, whole_text(vectorized=vectorized): document.text}
    )
    shared[p.ABOUT] = json.dumps(about)
    shared[p.FACTS] = tokens.facts(document.metadata)
    shared[p.TITLE_TERMS] = tokens.indexed_terms(document.title)
    if vectorized:
        shared[p.TITLE] = document.title
    stems: dict[str, Sequence[str]] = {}
    for chunk in chunks:
        written = {
            **shared,
            p.CHUNK: tokens.digest(chunk.chunk_id),
            p.CHUNK_ID: chunk.chunk_id,
            p.ORDINAL: chunk.ordinal,
            p.TEXT: chunk.text,
            p.TERMS: tokens.indexed_terms(chunk.text, stems),
        }
        if chunk.sentences:
            spans, vectors = packed_sentences(chunk.sentences)
            written |= {p.SPANS: spans, p.SENTENCE_VECTORS: b64encode(vectors).decode()}
        yield NewObject(
            str(uuid.uuid5(_OBJECTS, f"chunk {key} {revision} {chunk.chunk_id}")),
            written,
            None if vectorized else chunk.vector,
        )


def read_sentences(found: Mapping[str, Any]) -> Sequence[Sentence]:
    """Read a chunk's sentences."""
    return unpacked_sentences(found[p.SPANS], b64decode(found[p.SENTENCE_VECTORS] or ""))


def read_passage(found: Mapping[str, Any], scores: Scores) -> Passage:
    """Read a chunk."""
    about = json.loads(found[p.ABOUT])
    return Passage(
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
    )

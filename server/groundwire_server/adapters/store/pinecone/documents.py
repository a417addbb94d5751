"""Conversion of documents and passages to records of Pinecone and back.

Each document has a description: a record that names the body that counts, which is a set of records written by one
change. Passages, and the pieces of the whole text and of sentences' vectors, make up a body.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from groundwire_server.adapters.store.packing import (
    packed_place,
    packed_sentences,
    packed_time,
    typed_metadata,
    unpacked_place,
    unpacked_sentences,
)
from groundwire_server.adapters.store.pinecone import facts, words
from groundwire_server.adapters.store.pinecone.records import PineconeRecord, metadata_bytes
from groundwire_server.adapters.store.terms import passage_terms
from groundwire_server.domain.document import Chunk, Document, DocumentInfo, Sentence, TextFormat
from groundwire_server.domain.evidence import Passage, Scores
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.metadata import MetadataValue

KIND: Final = "kind"
KEY: Final = "key"
BODY: Final = "body"
PART: Final = "part"
REFERENCE: Final = "ref"
CHUNK: Final = "chunk"

CORPUS_ID: Final = "corpus"
"""The id of the record with a tenant's corpus version."""

_ABOUT: Final = "about"
_CONTENT: Final = "content"
_LIVE: Final = "live"
_VERSION: Final = "version"
_SENTENCES: Final = "sentences"
"""The first piece of a passage's sentences and how many there are; absent where it has none."""

_METADATA_BYTES: Final = 40_000
"""Of a record, of which Pinecone keeps 40 KB."""
_TEXT_PIECE: Final = 6_000
"""Code points of a piece of text: at most 36,000 bytes, however they are escaped."""
_SENTENCES_PIECE: Final = 30_000
"""The same of sentences, which are ASCII."""


_HASH_LENGTH: Final = 128


class Kind(StrEnum):
    """What a record of the sparse index holds."""

    CORPUS = "corpus"
    DOCUMENT = "document"
    CHANGE = "change"
    PASSAGE = "passage"
    TEXT = "text"
    SENTENCES = "sentences"


@dataclass(frozen=True, slots=True)
class Body:
    """The records that one change has written of a document.

    Attributes:
        name: of the change.
        passages: how many there are.
        texts: pieces of the whole text.
        sentences: pieces of sentences' vectors.
    """

    name: str
    passages: int
    texts: int
    sentences: int

    def passage_ids(self, key: str) -> list[str]:
        """Return the ids of its passages, which are the same in both indexes."""
        return [passage_id(key, self.name, place) for place in range(self.passages)]

    def ids(self, key: str) -> list[str]:
        """Return the ids of all its records in the sparse index."""
        texts = [_piece_id(Kind.TEXT, key, self.name, place) for place in range(self.texts)]
        sentences = [_piece_id(Kind.SENTENCES, key, self.name, place) for place in range(self.sentences)]
        return self.passage_ids(key) + texts + sentences


@dataclass(frozen=True, slots=True)
class Description:
    """What is stored about a document; a deleted one keeps its revision.

    Attributes:
        info: of the current revision.
        body: None for a deleted document.
    """

    info: DocumentInfo
    body: Body | None

    @property
    def key(self) -> str:
        """A short name for the document's id."""
        return document_key(self.info.document_id)

    @property
    def live(self) -> bool:
        """Whether the document exists for callers on its access list."""
        return self.body is not None

    @property
    def revision(self) -> int:
        """The revision that is stored; 0 when there is no document."""
        return self.info.revision if self.live else 0


@dataclass(frozen=True, slots=True)
class AnnouncedChange:
    """A change that was announced and has not ended.

    Attributes:
        key: of the document.
        body: that it writes.
        replaced: the body before it.
        begun: POSIX time.
    """

    key: str
    body: Body
    replaced: Body | None
    begun: float

    @property
    def id(self) -> str:
        """The id of its record."""
        return f"change/{self.key}/{self.body.name}"


def document_key(document_id: str) -> str:
    """Return the short name of a document's id."""
    return facts.digest(document_id)


def kept_hash(content_hash: str) -> str:
    """Return a content hash as it is stored: one that takes more than its share of a record is hashed again."""
    return content_hash if len(content_hash) <= _HASH_LENGTH else sha256(content_hash.encode()).hexdigest()


def description_id(key: str) -> str:
    """Return the id of a document's description."""
    return f"document/{key}"


def passage_id(key: str, body: str, place: int) -> str:
    """Return the id of a passage."""
    return f"passage/{key}/{body}/{place}"


def located(passage: str) -> tuple[str, str]:
    """Return the document's key and the name of the body of a passage's id."""
    _, key, body, _ = passage.split("/")
    return key, body


def reference(passage: str) -> str:
    """Return the part of a passage's id that its records can be filtered by."""
    _, _, body, place = passage.split("/")
    return f"{body}/{place}"


def corpus_record(version: str) -> PineconeRecord:
    """Return the record with the corpus version."""
    return PineconeRecord(CORPUS_ID, {KIND: Kind.CORPUS.value, _VERSION: version}, sparse=words.MARK)


def read_version(found: Mapping[str, Any]) -> str:
    """Return the corpus version that a record holds."""
    return str(found[_VERSION])


def tombstone(info: DocumentInfo, updated: datetime) -> Description:
    """Return the description of a document that is deleted now."""
    nothing: Mapping[str, MetadataValue] = {}
    return Description(
        DocumentInfo(info.document_id, "", "", nothing, frozenset(), info.revision, "", 0, 0, updated), None
    )


def description_record(description: Description) -> PineconeRecord:
    """Return a description as a record; a deleted document's has nothing of it but the id and the revision.

    Raises:
        Rejection: when it exceeds what Pinecone keeps of one record.
    """
    info, key = description.info, description.key
    about: dict[str, Any] = {"document_id": info.document_id, "revision": info.revision}
    compared: Mapping[str, Any] = {}
    if description.body is not None:
        compared = facts.compared(info.metadata, info.allowed_principals)
        about |= {
            "title": info.title,
            "source_uri": info.source_uri,
            "metadata": dict(info.metadata),
            "allowed_principals": sorted(info.allowed_principals),
            "content_hash": info.content_hash,
            "chunk_count": info.chunk_count,
            "size_bytes": info.size_bytes,
            "text_format": info.text_format.value,
            "body": asdict(description.body),
        }
    about["updated"] = packed_time(info.updated)
    written = {KIND: Kind.DOCUMENT.value, KEY: key, _LIVE: description.live, _ABOUT: _json(about), **compared}
    return _fitting(PineconeRecord(description_id(key), written, sparse=words.MARK), "document.metadata")


def read_description(found: Mapping[str, Any]) -> Description:
    """Return the description that a record holds."""
    about = json.loads(found[_ABOUT])
    body = about.get("body")
    info = DocumentInfo(
        document_id=about["document_id"],
        title=about.get("title", ""),
        source_uri=about.get("source_uri", ""),
        metadata=typed_metadata(about.get("metadata", {})),
        allowed_principals=frozenset(about.get("allowed_principals", ())),
        revision=about["revision"],
        content_hash=about.get("content_hash", ""),
        chunk_count=about.get("chunk_count", 0),
        size_bytes=about.get("size_bytes", 0),
        updated=datetime.fromisoformat(about["updated"]),
        text_format=TextFormat(about.get("text_format", TextFormat.PLAIN.value)),
    )
    return Description(info, None if body is None else Body(**body))


def change_record(change: AnnouncedChange) -> PineconeRecord:
    """Return the announcement of a change as a record."""
    about = {
        "body": asdict(change.body),
        "replaced": None if change.replaced is None else asdict(change.replaced),
        "begun": change.begun,
    }
    written = {KIND: Kind.CHANGE.value, KEY: change.key, _ABOUT: _json(about)}
    return PineconeRecord(change.id, written, sparse=words.MARK)


def read_change(found: Mapping[str, Any]) -> AnnouncedChange:
    """Return the change that a record announces."""
    about = json.loads(found[_ABOUT])
    replaced = about["replaced"]
    body = Body(**about["body"])
    return AnnouncedChange(found[KEY], body, None if replaced is None else Body(**replaced), about["begun"])


@dataclass(frozen=True, slots=True)
class RecordContents:
    """A document with its passages, as one change writes them.

    Attributes:
        sentences: the pieces of each passage's sentences.
    """

    document: Document
    chunks: Sequence[Chunk]
    texts: Sequence[str]
    sentences: Sequence[Sequence[str]]

    @classmethod
    def of(cls, document: Document, chunks: Sequence[Chunk]) -> "RecordContents":
        """Return them cut to pieces."""
        sentences = [_pieces(_packed(chunk), _SENTENCES_PIECE) for chunk in chunks]
        return cls(document, chunks, _pieces(document.text, _TEXT_PIECE), sentences)

    def body(self, name: str) -> Body:
        """Return the body that they make."""
        return Body(name, len(self.chunks), len(self.texts), sum(map(len, self.sentences)))

    def sparse_records(self, body: Body) -> Iterable[PineconeRecord]:
        """Yield the records of the sparse index, each made when it is needed.

        Raises:
            Rejection: when a passage exceeds what Pinecone keeps of one record.
        """
        key = document_key(self.document.document_id)
        compared = facts.compared(self.document.metadata, self.document.allowed_principals)
        first = 0
        terms = passage_terms(self.document.text, self.chunks)
        for place, (chunk, pieces) in enumerate(zip(self.chunks, self.sentences, strict=True)):
            written = {
                KIND: Kind.PASSAGE.value,
                BODY: body.name,
                REFERENCE: f"{body.name}/{place}",
                CHUNK: facts.digest(chunk.chunk_id),
                _CONTENT: _json([chunk.chunk_id, chunk.ordinal, packed_place(chunk.place), chunk.text]),
                **compared,
            }
            if pieces:
                written[_SENTENCES] = f"{first} {len(pieces)}"
                first += len(pieces)
            record = PineconeRecord(passage_id(key, body.name, place), written, sparse=words.indexed(terms[place]))
            yield _fitting(record, "document.text")
        yield from _piece_records(Kind.TEXT, key, body.name, self.texts)
        yield from _piece_records(Kind.SENTENCES, key, body.name, [each for some in self.sentences for each in some])

    def dense_records(self, body: Body) -> Iterable[PineconeRecord]:
        """Yield the records of the dense index: passages that have a vector."""
        key = document_key(self.document.document_id)
        compared = facts.compared(self.document.metadata, self.document.allowed_principals)
        for place, chunk in enumerate(self.chunks):
            if chunk.vector is not None:
                written = {REFERENCE: f"{body.name}/{place}", **compared}
                yield PineconeRecord(passage_id(key, body.name, place), written, dense=chunk.vector.tolist())


def read_passage(found: Mapping[str, Any], info: DocumentInfo, scores: Scores) -> Passage:
    """Return the passage that a record holds, of the document described."""
    chunk_id, ordinal, place, text = json.loads(found[_CONTENT])
    return Passage(
        chunk_id=chunk_id,
        text=text,
        document_id=info.document_id,
        title=info.title,
        source_uri=info.source_uri,
        ordinal=ordinal,
        revision=info.revision,
        metadata=info.metadata,
        allowed_principals=info.allowed_principals,
        scores=scores,
        place=unpacked_place(place),
    )


def chunk_id_of(found: Mapping[str, Any]) -> str:
    """Return the id of the chunk that a record holds."""
    return str(json.loads(found[_CONTENT])[0])


def text_of(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return the id and the text of the chunk that a record holds."""
    chunk_id, _, _, text = json.loads(found[_CONTENT])
    return chunk_id, text


def sentence_pieces(found: Mapping[str, Any]) -> range:
    """Return the numbers of the pieces that hold a passage's sentences."""
    first, count = map(int, str(found.get(_SENTENCES, "0 0")).split())
    return range(first, first + count)


def piece_of(found: Mapping[str, Any]) -> str:
    """Return the text of a record that holds a piece."""
    return str(json.loads(found[_CONTENT]))


def read_sentences(packed: str) -> Sequence[Sentence]:
    """Return the sentences that pieces hold together."""
    spans, vectors = json.loads(packed)
    return unpacked_sentences(spans, b64decode(vectors))


def _packed(chunk: Chunk) -> str:
    if not chunk.sentences:
        return ""
    spans, vectors = packed_sentences(chunk.sentences)
    return json.dumps([spans, b64encode(vectors).decode()])


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _json(value: object) -> str:
    # The shortest form, because Pinecone counts bytes; control characters are escaped in it all the same.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _piece_id(kind: Kind, key: str, body: str, place: int) -> str:
    return f"{kind.value}/{key}/{body}/{place}"


def _piece_records(kind: Kind, key: str, body: str, pieces: Sequence[str]) -> Iterable[PineconeRecord]:
    for place, piece in enumerate(pieces):
        written = {KIND: kind.value, BODY: body, PART: place, _CONTENT: _json(piece)}
        yield PineconeRecord(_piece_id(kind, key, body, place), written, sparse=words.MARK)


def _fitting(record: PineconeRecord, field: str) -> PineconeRecord:
    if metadata_bytes(record.metadata) > _METADATA_BYTES:
        message = "Pinecone keeps at most 40 KB of one record: metadata, access list and the longest passage must fit"
        raise Rejection.invalid(field, message)
    return record

"""What the corpus keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from groundwire_server.domain.metadata import MetadataValue
from groundwire_server.domain.vector import Vector


@dataclass(frozen=True, slots=True)
class Document:
    """A text with what is known about it."""

    document_id: str
    text: str
    title: str = ""
    source_uri: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    allowed_principals: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of a chunk's text: code points `start` to `end` (exclusive), with its vector when one was computed."""

    start: int
    end: int
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document as it is stored. Title and access list are the document's."""

    chunk_id: str
    ordinal: int
    text: str
    vector: Vector | None = None
    sentences: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A stored document without its text.

    Attributes:
        revision: counts the versions from 1.
        content_hash: SHA-256 of everything that a change of makes a new revision, hexadecimal.
        size_bytes: length of the text in UTF-8.
    """

    document_id: str
    title: str
    source_uri: str
    metadata: Mapping[str, MetadataValue]
    allowed_principals: frozenset[str]
    revision: int
    content_hash: str
    chunk_count: int
    size_bytes: int
    updated: datetime


class PutState(Enum):
    """What storing a document came to."""

    CREATED = auto()
    UPDATED = auto()
    UNCHANGED = auto()


@dataclass(frozen=True, slots=True)
class Stored:
    """The result of storing a document.

    Attributes:
        content_hash: that of the revision; a corpus, which is told it, may leave it out.
    """

    state: PutState
    revision: int
    chunk_count: int
    corpus_version: str
    content_hash: str = ""

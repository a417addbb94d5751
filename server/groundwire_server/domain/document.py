"""Documents, and how they are stored and listed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.filters import Filter
from groundwire_server.domain.guards.finding import Flag
from groundwire_server.domain.metadata import MetadataValue
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Reason

TEXT_LIMIT = 3_900_000
"""The most bytes of a document's text. With everything else of a document it fits into 4 MiB, which is what a gRPC
client receives by default."""

EMPTY_VERSION = "empty"
"""The corpus version of a tenant that has never stored a document."""


class TextFormat(Enum):
    """How a document's text is written."""

    PLAIN = "plain"
    MARKDOWN = "markdown"


class PassageKind(Enum):
    """What the text of a passage mainly is."""

    TEXT = "text"
    LIST = "list"
    TABLE = "table"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in its document a passage stands.

    Attributes:
        section: the headings above it, from the outermost.
        page: its first page, from 1; 0 where the document has no pages.
        kind: of its text.
        parent: the ordinal of the first passage that is under the heading above its own; None where there is none.
    """

    section: tuple[str, ...] = ()
    page: int = 0
    kind: PassageKind = PassageKind.TEXT
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its description.

    Attributes:
        text: its content; a form feed begins a new page.
        text_format: how the text is written.
    """

    document_id: str
    text: str
    title: str = ""
    source_uri: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    allowed_principals: frozenset[str] = frozenset()
    text_format: TextFormat = TextFormat.PLAIN


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of a chunk's text: code points `start` to `end` (exclusive), with its vector when one was computed."""

    start: int
    end: int
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document as it is stored. Title and access list are the document's.

    Attributes:
        ordinal: its place among the chunks of its document, from 0.
        text: lines of the document, verbatim. The rows of a long table come with its header again.
    """

    chunk_id: str
    ordinal: int
    text: str
    vector: Vector | None = None
    sentences: tuple[Sentence, ...] = ()
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A stored document without its text.

    Attributes:
        revision: counts the versions from 1.
        content_hash: SHA-256, in lower-case hexadecimal, over text, its format, title, source, metadata and access
            list, and over how the text is split and embedded.
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
    text_format: TextFormat = TextFormat.PLAIN


class DocumentOrder(Enum):
    """In which order documents are listed."""

    ID = auto()
    """By id, in code points."""
    OLDEST = auto()
    """By the time of their revision, the earliest first, and by id within one time."""
    NEWEST = auto()
    """The reverse of the oldest first."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Which documents are listed, and in which order.

    Attributes:
        filter: on the metadata; None lists all.
        order: of the documents.
    """

    filter: Filter | None = None
    order: DocumentOrder = DocumentOrder.ID


@dataclass(frozen=True, slots=True)
class Position:
    """A document's place in every order, whether or not the document still exists."""

    document_id: str
    updated: datetime


class PutState(Enum):
    """The result of storing a document."""

    CREATED = auto()
    UPDATED = auto()
    UNCHANGED = auto()


@dataclass(frozen=True, slots=True)
class Stored:
    """The document that is now stored.

    Attributes:
        content_hash: of the stored revision; empty where a corpus leaves it to its caller, who passed it.
        flags: what guards found in the document, each with the number of texts that had it.
        quarantined: whether the document is held back until an operator releases it.
    """

    state: PutState
    revision: int
    chunk_count: int
    corpus_version: str
    content_hash: str = ""
    flags: Mapping[Flag, int] = field(default_factory=dict)
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class Removed:
    """Documents that one change has removed.

    Attributes:
        count: how many, at least one.
        corpus_version: after the change.
    """

    count: int
    corpus_version: str


def check_revision(document_id: str, expected: int | None, stored: int) -> None:
    """Let a document be replaced only when the revision stored is the expected one.

    Args:
        document_id: of the document.
        expected: the revision that the caller expects, 0 for no document; None expects nothing.
        stored: the revision that is stored, 0 when there is no document.

    Raises:
        Rejection: REVISION_MISMATCH.
    """
    if expected is not None and expected != stored:
        raise revision_mismatch(document_id, expected, stored)


def revision_mismatch(document_id: str, expected: int, stored: int) -> Rejection:
    """Return the rejection of a document whose stored revision is not the expected one."""
    revisions = {"expected_revision": str(expected), "revision": str(stored)}
    return Rejection(Reason.REVISION_MISMATCH, metadata={"document_id": document_id, **revisions})

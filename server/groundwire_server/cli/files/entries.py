"""What files turn out to be."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from groundwire.v1.document_pb2 import Document


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document, or what should have been one, that was not sent."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Given:
    """What is said of the documents from outside.

    Attributes:
        principals: who may see a document that does not say so itself.
        metadata: values that every document gets.
        title: the title of the one document there is; empty takes it from the text.
    """

    principals: Sequence[str] = ("*",)
    metadata: Mapping[str, str] = field(default_factory=dict)
    title: str = ""

    @property
    def digest(self) -> str:
        """A hash of all that is said."""
        said = [list(self.principals), sorted(self.metadata.items()), self.title]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def mark(self, document: Document) -> None:
        """Gives a document the values of every document."""
        for key, value in self.metadata.items():
            document.metadata[key].string_value = value


@dataclass(frozen=True, slots=True)
class Stamp:
    """By what a file is taken for unchanged without reading it."""

    path: str
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> "Stamp":
        """A file's stamp."""
        known = path.stat()
        return cls(os.path.realpath(path), known.st_size, known.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Readable:
    """A document to be stored.

    Attributes:
        document: what is sent.
        stamp: that of a file which holds this document alone, taken before it was read.
        line: the file and line it stands in, of a document among others.
    """

    document: Document
    stamp: Stamp | None = None
    line: str = ""

    @property
    def digest(self) -> str:
        """A hash of all that is sent."""
        return hashlib.sha256(self.document.SerializeToString(deterministic=True)).hexdigest()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document that is stored already.

    Attributes:
        document_id: its id.
        passages: how many it was split into.
    """

    document_id: str
    passages: int

"""The results of reading files: documents to store, documents that are stored already, failures."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from groundwire.v1.document_pb2 import Document


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document, or a file that should have been one, that was not stored."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Given:
    """Properties that the command line gives to every document.

    Attributes:
        principals: who may see a document that names none itself.
        metadata: added to every document.
        title: the title of a single document; empty takes it from the text.
    """

    principals: Sequence[str] = ("*",)
    metadata: Mapping[str, str] = field(default_factory=dict)
    title: str = ""

    @property
    def digest(self) -> str:
        """A hash of these properties."""
        said = [list(self.principals), sorted(self.metadata.items()), self.title]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def mark(self, document: Document) -> None:
        """Add the metadata to a document."""
        for key, value in self.metadata.items():
            document.metadata[key].string_value = value


@dataclass(frozen=True, slots=True)
class Stamp:
    """Path, size and times of a file: while they are the same, the file is taken for unchanged.

    The time of modification alone can stay behind: archives and `cp -p` set it, and a file that takes another's place
    keeps its own. Nobody can set the time at which a file's properties changed.
    """

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, path: Path) -> "Stamp":
        """Return a file's stamp."""
        known = path.stat()
        return cls(os.path.realpath(path), known.st_size, known.st_mtime_ns, known.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class Readable:
    """A document to be stored.

    Attributes:
        document: what is sent.
        stamp: of a file that holds this document alone, taken before it was read.
        line: the file and line of a document among others.
        path_before: of the file, without links, where it was renamed since the document was stored.
        warnings: what of the file is not in the text, one line each.
    """

    document: Document
    stamp: Stamp | None = None
    line: str = ""
    path_before: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """A hash of the document."""
        return hashlib.sha256(self.document.SerializeToString(deterministic=True)).hexdigest()


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A document that was stored before, and is not sent again.

    Attributes:
        document_id: its id.
        passages: how many it was split into.
    """

    document_id: str
    passages: int

"""Compares stored documents with the files that they were made from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from groundwire.v1.document_pb2 import TextFormat
from groundwire.v1.document_service_pb2 import GetDocumentResponse
from groundwire_server.cli.corpus.extraction import extract, has_second
from groundwire_server.cli.corpus.words import LostWords, lost_words
from groundwire_server.cli.files.converter import ConversionError, Converter
from groundwire_server.cli.files.entries import Readable, Unchanged, Unreadable
from groundwire_server.cli.files.holdings import Holdings
from groundwire_server.cli.files.sources import Made
from groundwire_server.cli.ingest.reading_ahead import Entry


class DifferenceKind(StrEnum):
    """How the stored documents differ from their source."""

    MISSING = "missing"
    """A document of the source is not stored."""
    EXTRA = "extra"
    """A document is stored whose file is gone or ignored."""
    DRIFT = "drift"
    """The stored text is not the one that the file has now."""
    UNREADABLE = "unreadable"
    """A file cannot be read, so it cannot be compared."""
    LOST = "lost"
    """Words of the file are not in the text that is made of it."""
    DROPPED = "dropped"
    """The reader of the file has left something out, and says so."""


ATTENTION = frozenset({DifferenceKind.LOST, DifferenceKind.DROPPED})
"""What ingesting again does not change."""


@dataclass(frozen=True, slots=True)
class StoredDifference:
    """One difference.

    Attributes:
        name: the document's id, or the file where there is no document.
        message: what differs, and what to do about it.
        lost: the words that are missing, where the difference is that.
    """

    kind: DifferenceKind
    name: str
    message: str
    lost: LostWords | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the difference as it is printed."""
        described: dict[str, Any] = {"kind": str(self.kind), "name": self.name, "message": self.message}
        if self.lost:
            described |= {"words": self.lost.words, "lost": self.lost.lost, "examples": list(self.lost.examples)}
        return described


@dataclass
class Compared:
    """How many documents were compared.

    Attributes:
        documents: of the source.
        same: those that are stored as the source has them.
        read_twice: the files whose words were also extracted in the second way.
    """

    documents: int = 0
    same: int = 0
    read_twice: int = 0


class SourceComparison:
    """A comparison of files with what the server holds.

    Args:
        holdings: of the server.
        second: the converter of the second extraction.
        max_lost: the share of a file's words, 0 to 1, up to which lost words are not reported.
        compared: counts the documents.
    """

    def __init__(self, holdings: Holdings, second: Converter, max_lost: float, compared: Compared) -> None:
        self._holdings = holdings
        self._second = second
        self._max_lost = max_lost
        self._compared = compared

    def documents(self, entries: Iterable[Entry]) -> Iterator[tuple[str, list[StoredDifference]]]:
        """Yield the name of each document that would be sent, and how the stored one differs.

        Raises:
            groundwire.Error: when a call fails.
        """
        for entry in entries:
            match entry:
                case Unreadable():
                    yield entry.name, [StoredDifference(DifferenceKind.UNREADABLE, entry.name, entry.why)]
                case Readable():
                    self._compared.documents += 1
                    yield entry.document.document_id, list(self._document(entry))
                case Unchanged():
                    continue  # comes from a memory alone

    def without_files(self, gone: Iterable[Made]) -> Iterator[StoredDifference]:
        """Yield the documents whose files are gone or ignored."""
        for made in gone:
            said = f"its file {made.path} {made.why_gone}: ingest the folder with --prune"
            yield StoredDifference(DifferenceKind.EXTRA, made.document_id, said)

    def _document(self, readable: Readable) -> Iterator[StoredDifference]:
        name = readable.line or readable.document.document_id
        for warning in readable.warnings:
            yield StoredDifference(DifferenceKind.DROPPED, name, warning)
        yield from self._lost(readable, name)
        held = self._holdings.document(readable.document.document_id)
        if held is None:
            yield StoredDifference(DifferenceKind.MISSING, name, "is not stored, or you may not see it: ingest it")
            return
        drift = _drift(readable, held)
        if drift:
            yield StoredDifference(DifferenceKind.DRIFT, name, f"{drift}: ingest it again")
        else:
            self._compared.same += 1

    def _lost(self, readable: Readable, name: str) -> Iterator[StoredDifference]:
        path = Path(readable.stamp.path) if readable.stamp else None
        if path is None or not has_second(path):
            return
        try:
            lost = lost_words(extract(path, self._second), readable.document.text)
        except ConversionError:
            return  # the reader has read it: nothing is known to be lost
        self._compared.read_twice += 1
        if lost.share > self._max_lost:
            said = f"{lost.share:.1%} of its {lost.words:,} words are not in its text: {', '.join(lost.examples)}"
            yield StoredDifference(DifferenceKind.LOST, name, said, lost)


def _drift(readable: Readable, held: GetDocumentResponse) -> str:
    """Return how a stored text differs from the one that would be sent; empty when it does not."""
    if readable.path_before:
        return f"its file was {readable.path_before}, and was renamed"
    sent, stored = readable.document.text, held.text
    if sent != stored:
        return f"the stored text differs from character {_first_difference(sent, stored):,}"
    if _format(readable.document.text_format) != _format(held.document.text_format):
        return "the text is stored in another format"
    return ""


def _first_difference(one: str, other: str) -> int:
    """Return the place of the first character in which two texts differ, from 1."""
    pairs = enumerate(zip(one, other, strict=False), 1)
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)) + 1)


def _format(text_format: TextFormat.ValueType) -> TextFormat.ValueType:
    return text_format or TextFormat.TEXT_FORMAT_PLAIN

"""Splitting documents: plain text along its own breaks, Markdown along its structure."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from groundwire_server.corpus.chunking import ParentPassages, chunks
from groundwire_server.corpus.measure import CHUNK_CHARACTERS, WINDOW_CHARACTERS, TextMeasure, windows
from groundwire_server.domain.document import Document, Place, TextFormat
from groundwire_server.domain.text.sentences import sentences

SETTINGS: Final = f"characters={CHUNK_CHARACTERS} window={WINDOW_CHARACTERS} sentences=2 markdown=4"
"""Names how documents are split; it changes whenever the same text would be split differently."""


class Piece(NamedTuple):
    """A chunk's text with its sentences.

    Attributes:
        text: lines of the document.
        place: where they stand.
        sentences: code points, start and end (exclusive), in the text.
    """

    text: str
    place: Place
    sentences: Sequence[tuple[int, int]] = ()


def split(document: Document, measure: TextMeasure, *, sentences_too: bool = True) -> Iterator[list[Piece]]:
    """Yield the pieces of a document in their order, some at a time.

    Args:
        document: that is split.
        measure: of the pieces.
        sentences_too: whether pieces have their sentences.
    """
    # About a window of chunks at a time.
    of_format = _of_markdown if document.text_format is TextFormat.MARKDOWN else _of_plain
    for pieces in of_format(document.text, measure):
        yield [piece._replace(sentences=sentences(piece.text)) for piece in pieces] if sentences_too else pieces


def _of_plain(text: str, measure: TextMeasure) -> Iterator[list[Piece]]:
    page = int("\f" in text)
    for window in windows(text):
        found, known = [], 0
        for stretch in measure.cut(window):
            if page:
                place = window.index(stretch, known)
                page += window.count("\f", known, place)
                known = place
            found.append(Piece(stretch, Place(page=page)))
        yield found
        page += window.count("\f", known)


def _of_markdown(text: str, measure: TextMeasure) -> Iterator[list[Piece]]:
    found, size = list[Piece](), 0
    parents = ParentPassages()
    for draft in chunks(text, measure):
        chunk = draft.text
        found.append(Piece(chunk, draft.place(parents.of_next(draft))))
        size += len(chunk)
        if size >= WINDOW_CHARACTERS:
            yield found
            found, size = [], 0
    yield found

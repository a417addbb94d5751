"""Ordinary texts on which guards should find nothing: passages of documents, and questions."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.documents.questions import FOLDER as DOCUMENT_QUESTIONS
from bench.documents.questions import Documentation, documentation
from groundwire_server.cli.demo.corpus import documents
from groundwire_server.cli.files.readers.registry import reader_of
from groundwire_server.corpus.measure import TextMeasure
from groundwire_server.corpus.split import split
from groundwire_server.domain.document import Document, TextFormat

_SQUAD: Final = Path(__file__).parent.parent / "data" / "squad2-dev-8-articles.json"
_MARKDOWN: Final = frozenset({".md", ".markdown"})


def squad_paragraphs() -> Sequence[str]:
    """Return the paragraphs of the articles of SQuAD 2.0."""
    return [paragraph["context"] for paragraph in _paragraphs()]


def squad_questions() -> Sequence[str]:
    """Return the questions about them."""
    return [asked["question"] for paragraph in _paragraphs() for asked in paragraph["qas"]]


def document_questions() -> Sequence[str]:
    """Return the questions about the documentations of `bench/documents`."""
    files = sorted(DOCUMENT_QUESTIONS.glob("*.json"))
    return [question.text for file in files for question in Documentation.read(file).questions]


def python_passages() -> Sequence[str]:
    """Return the passages of the Python Language Reference."""
    return [*_passages("\n\n".join(each.text for each in documents()), TextFormat.PLAIN)]


def documentation_passages(project: str, checkout: Path) -> Sequence[str]:
    """Return the passages of a documentation, as they are ingested.

    Args:
        project: one of `bench/documents/questions`, which says which files are read.
        checkout: the folder that has them.
    """
    files = {path for pattern in documentation(project).paths for path in checkout.glob(pattern)}
    return [passage for path in sorted(files) for passage in _of_file(path)]


def _of_file(path: Path) -> Iterator[str]:
    if path.suffix in _MARKDOWN:
        yield from _passages(path.read_text(encoding="utf-8"), TextFormat.MARKDOWN)
    else:
        contents = reader_of(path.suffix)(path.read_bytes(), path.name)
        yield from _passages(contents.text, TextFormat.MARKDOWN if contents.markdown else TextFormat.PLAIN)


def _passages(text: str, text_format: TextFormat) -> Iterator[str]:
    document = Document("", text, text_format=text_format)
    return (piece.text for pieces in split(document, TextMeasure(), sentences_too=False) for piece in pieces)


def _paragraphs() -> Iterator[Mapping[str, Any]]:
    content = json.loads(_SQUAD.read_text(encoding="utf-8"))
    return (paragraph for article in content["data"] for paragraph in article["paragraphs"])

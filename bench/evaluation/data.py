"""The questions, statements and texts of bench/data, the first two labelled with their part of the split and group."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.guards.labelled import labelled_texts
from bench.split import DATA, SQUAD, Split, read_split
from groundwire_server.domain.caller import EVERYBODY
from groundwire_server.domain.document import Document
from groundwire_server.evaluation.inputs.files import InputFile, read_input
from groundwire_server.evaluation.items import QuestionItem, StatementItem, StatementPassage, TextItem
from groundwire_server.evaluation.recording import RecordedInput

ANSWERABLE, ADVERSARIAL, OFF_SUBJECT = "answerable", "adversarial", "off the subject"
"""Groups of questions: those that an article answers, those that only look so, those whose article is left out."""

ODD = "odd-statements.json"
STATEMENTS = ("statements.json", "paraphrases.json", "technical.json")


@dataclass(frozen=True, slots=True)
class EvaluationData:
    """All that is evaluated.

    Attributes:
        inputs: the files.
        missing: the files that bench/data lacks.
    """

    documents: Sequence[Document]
    questions: Sequence[QuestionItem]
    statements: Sequence[StatementItem]
    texts: Sequence[TextItem]
    inputs: Sequence[RecordedInput]
    missing: Sequence[str]


def read_data(folder: Path = DATA) -> EvaluationData:
    split = read_split()
    squad = input_file(SQUAD)
    inputs = [squad.described]
    statements: list[StatementItem] = []
    missing = [name for name in (*STATEMENTS, ODD) if not (folder / name).exists()]
    for file in (folder / name for name in (*STATEMENTS, ODD) if name not in missing):
        read = _odd(file) if file.name == ODD else input_file(file)
        inputs.append(read.described)
        statements += (
            read.statements if file.name == ODD else (_labelled(item, file, split) for item in read.statements)
        )
    texts = list(labelled_texts())
    return EvaluationData(documents(), list(_questions(squad, split)), statements, texts, inputs, missing)


def documents(squad: Path = SQUAD) -> list[Document]:
    """Return each article of a file in the format of SQuAD as a document."""
    return [
        document(
            article["title"].replace("_", " "), "\n\n".join(paragraph["context"] for paragraph in article["paragraphs"])
        )
        for article in json.loads(squad.read_text(encoding="utf-8"))["data"]
    ]


def document(title: str, text: str) -> Document:
    """Return a document for everybody; its title is in the metadata, so that it can be left out of a search."""
    return Document(title, text, title, metadata={"title": title}, allowed_principals=frozenset({EVERYBODY}))


def input_file(file: Path) -> InputFile:
    """Return the questions or statements of a file."""
    read = read_input(file)
    if not isinstance(read, InputFile):
        raise TypeError(f"{file} is a recording")
    return read


def _questions(squad: InputFile, split: Split) -> Iterator[QuestionItem]:
    for item in squad.questions:
        (title,) = item.slice
        part = split.parts[title].value
        group = ANSWERABLE if item.is_answerable else ADVERSARIAL
        yield item.model_copy(update={"slice": (title, part, group)})
        if item.is_answerable:
            without = {"negation": {"equals": {"key": "title", "value": {"stringValue": title}}}}
            yield QuestionItem(
                id=f"{item.id}-off-subject",
                question=item.question,
                expected=(),
                slice=(title, part, OFF_SUBJECT),
                filter=without,
            )


def _labelled(item: StatementItem, file: Path, split: Split) -> StatementItem:
    texts = [passage.text for passage in item.passages]
    articles = {split.article_of(text) for text in texts} - {""}
    return item.model_copy(update={"slice": (*sorted(articles), split.part_of_all(texts).value, file.name)})


def _odd(file: Path) -> InputFile:
    text = file.read_text(encoding="utf-8")
    items = tuple(
        StatementItem(
            id=f"odd-{number}-{supported}",
            text=each["true" if supported else "false"],
            passages=(StatementPassage(id=f"odd-{number}", text=each["passage"]),),
            supported=supported,
            kind="odd form",
            slice=(file.name, f"odd form: {each['kind']}"),
        )
        for number, each in enumerate(json.loads(text))
        for supported in (True, False)
    )
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return InputFile(RecordedInput(name=file.name, kind="statements", sha256=sha256, items=len(items)), (), items)

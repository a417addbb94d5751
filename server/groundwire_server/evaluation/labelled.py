"""Labelled questions: whether the documents answer each is known."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwire_server.domain.failure import SetupError

_SHOWN = """a line for each, such as {"question": "Who may sign for parcels?", "answerable": true}"""


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """One question.

    Attributes:
        answerable: whether the documents contain its answer.
    """

    question: str
    answerable: bool


def read(file: Path) -> list[LabelledQuestion]:
    """Read a file of JSON lines, or one in the format of SQuAD 2.0.

    Raises:
        SetupError: when the file is neither.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as failed:
        raise SetupError(f"{file} cannot be read: {failed.strerror}") from None
    except UnicodeDecodeError:
        raise SetupError(f"{file} is not UTF-8: save it as UTF-8") from None
    squad = _squad(text)
    # A question that is given twice could be in both halves.
    return list(dict.fromkeys(_lines(file, text) if squad is None else squad))


def _squad(text: str) -> list[LabelledQuestion] | None:
    try:
        read = json.loads(text)
        return [
            LabelledQuestion(" ".join(asked["question"].split()), not asked["is_impossible"])
            for article in read["data"]
            for paragraph in article["paragraphs"]
            for asked in paragraph["qas"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _lines(file: Path, text: str) -> Iterator[LabelledQuestion]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            read: Any = json.loads(line)
        except ValueError:
            raise SetupError(f"{file}:{number}: is not JSON: {_SHOWN}") from None
        match read:
            case {"question": str(question), "answerable": bool(answerable)} if question.strip():
                yield LabelledQuestion(" ".join(question.split()), answerable)
            case _:
                raise SetupError(f"{file}:{number}: is not a labelled question: {_SHOWN}")

"""Questions of which somebody knows whether the documents answer them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwire_server.domain.failure import SetupError

_SHOWN = """a line for each, such as {"question": "Who may sign for parcels?", "answerable": true}"""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One question.

    Attributes:
        answerable: whether the documents hold its answer.
    """

    question: str
    answerable: bool


def read(file: Path) -> list[Labelled]:
    """Read a file of JSON lines, or one in the format of SQuAD 2.0.

    Raises:
        SetupError: when it is neither.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as failed:
        raise SetupError(f"{file} cannot be read: {failed.strerror}") from None
    except UnicodeDecodeError:
        raise SetupError(f"{file} is not UTF-8: save it as UTF-8") from None
    squad = _squad(text)
    # Told twice, a question would stand on both sides of the split.
    return list(dict.fromkeys(_lines(file, text) if squad is None else squad))


def _squad(text: str) -> list[Labelled] | None:
    try:
        read = json.loads(text)
        return [
            Labelled(" ".join(asked["question"].split()), not asked["is_impossible"])
            for article in read["data"]
            for paragraph in article["paragraphs"]
            for asked in paragraph["qas"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _lines(file: Path, text: str) -> Iterator[Labelled]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            read: Any = json.loads(line)
        except ValueError:
            raise SetupError(f"{file}:{number}: is not JSON: {_SHOWN}") from None
        match read:
            case {"question": str(question), "answerable": bool(answerable)} if question.strip():
                yield Labelled(" ".join(question.split()), answerable)
            case _:
                raise SetupError(f"{file}:{number}: is no labelled question: {_SHOWN}")

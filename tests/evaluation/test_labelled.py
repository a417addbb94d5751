"""Reading labelled questions."""

import json
from pathlib import Path

import pytest

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.labelled import LabelledQuestion, read


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "questions.jsonl"


def test_lines_are_read_and_the_same_question_counts_once(file: Path) -> None:
    line = '{"question": "Who  may\\nsign?", "answerable": true}'
    file.write_text(f'{line}\n\n{line}\n{{"question": "Who won?", "answerable": false, "note": 1}}\n')
    assert read(file) == [
        LabelledQuestion("Who may sign?", answerable=True),
        LabelledQuestion("Who won?", answerable=False),
    ]


def test_squad_is_read(file: Path) -> None:
    asked = [{"question": "Where?", "is_impossible": False}, {"question": "Why?", "is_impossible": True}]
    file.write_text(json.dumps({"data": [{"title": "T", "paragraphs": [{"context": "…", "qas": asked}]}]}))
    assert read(file) == [LabelledQuestion("Where?", answerable=True), LabelledQuestion("Why?", answerable=False)]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"what?\n", "questions.jsonl:1: is not JSON: a line for each"),
        (
            b'{"question": "a", "answerable": true}\n{"question": "a"}\n',
            "questions.jsonl:2: is not a labelled question",
        ),
        (b'{"question": " ", "answerable": true}\n', "questions.jsonl:1: is not a labelled question"),
        (b'{"question": "a", "answerable": 1}\n', "questions.jsonl:1: is not a labelled question"),
        (b"\xff\xfe", "questions.jsonl is not UTF-8"),
        (None, "cannot be read: No such file"),
    ],
)
def test_what_is_no_use_is_said_with_its_line(file: Path, content: bytes | None, says: str) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SetupError) as unusable:
        read(file)
    assert says in str(unusable.value)

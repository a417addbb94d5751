"""Files of questions and statements: what is read, and what is said of each that cannot be."""

import json
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.inputs.files import InputFile, read_input, read_inputs, read_questions
from groundwire_server.evaluation.items import QuestionItem, StatementPassage

QUESTION = {"question": "Who may sign?", "expected": ["the front desk"]}
SQUAD: dict[str, Any] = {
    "version": "v2.0",
    "data": [
        {
            "title": "Front_desk",
            "paragraphs": [
                {
                    "context": "Parcels arrive. The desk opens at six. It closes at eight.",
                    "qas": [
                        {
                            "id": "q1",
                            "question": "When does  it open?",
                            "answers": [{"text": "six", "answer_start": 34}, {"text": "six", "answer_start": 34}],
                            "is_impossible": False,
                        },
                        {"id": "q2", "question": "Why?", "answers": [], "is_impossible": True},
                    ],
                }
            ],
        }
    ],
}
STATEMENTS: dict[str, Any] = {
    "about": "ours",
    "passages": {"p1": "The desk opens at six.", "p2": {"title": "Parcels", "text": "They are kept."}},
    "statements": [
        {"passage": "p1", "supported": True, "kind": "verbatim", "text": "The desk opens at six."},
        {"passages": ["p1", "p2"], "supported": False, "kind": "joined", "text": "It opens at two.", "slice": "de"},
    ],
}


def written(folder: Path, content: Any, name: str = "input.json") -> Path:
    file = folder / name
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def read(file: Path) -> InputFile:
    found = read_input(file)
    assert isinstance(found, InputFile)
    return found


def changed(value: Any, path: str, new: Any) -> Any:
    """A copy with one value replaced, or left out where the new one is `...`."""
    copy = json.loads(json.dumps(value))
    *before, last = path.split(".")
    place = copy
    for part in before:
        place = place[int(part) if part.isdecimal() else part]
    if new is ...:
        del place[last]
    else:
        place[int(last) if last.isdecimal() else last] = new
    return copy


def test_lines_of_questions_are_read(tmp_path: Path) -> None:
    lines = [
        QUESTION,
        {"question": "Where?", "expected": "here", "relevant": "doc.md", "slice": "de", "id": "own"},
        {"question": "Who won?", "expected": []},
        {"question": "Who lost?", "answerable": True, "filter": {"isNull": {"key": "draft", "isNull": True}}},
    ]
    file = written(tmp_path, "\n\n".join(map(json.dumps, lines)), "questions.jsonl")

    found = read(file)

    assert [(item.question, item.expected, item.is_answerable) for item in found.questions] == [
        ("Who may sign?", ("the front desk",), True),
        ("Where?", ("here",), True),
        ("Who won?", (), False),
        ("Who lost?", None, True),
    ]
    second = found.questions[1]
    assert (second.relevant, second.slice, second.key) == (("doc.md",), ("de",), "own")
    assert (found.described.kind, found.described.items) == ("questions", 4)


def test_squad_is_read_with_the_sentence_that_an_answer_stands_in(tmp_path: Path) -> None:
    found = read(written(tmp_path, SQUAD))

    assert found.questions == (
        QuestionItem(
            id="q1",
            question="When does it open?",
            expected=("six",),
            relevant_texts=("The desk opens at six.",),
            slice=("Front desk",),
        ),
        QuestionItem(id="q2", question="Why?", expected=(), slice=("Front desk",)),
    )
    assert [item.is_answerable for item in found.questions] == [True, False]


def test_statements_are_read_with_their_passages(tmp_path: Path) -> None:
    found = read(written(tmp_path, STATEMENTS))

    first, second = found.statements
    assert (first.supported, first.kind, first.passages) == (
        True,
        "verbatim",
        (StatementPassage(id="p1", text="The desk opens at six."),),
    )
    assert [each.title for each in second.passages] == ["", "Parcels"]
    assert second.slice == ("de",)
    assert first.key != second.key


def test_what_a_file_is_is_told_by_its_content(tmp_path: Path) -> None:
    assert read(written(tmp_path, json.dumps(QUESTION), "questions.json")).described.kind == "questions"
    assert read(written(tmp_path, json.dumps(SQUAD, indent=2))).described.kind == "squad"
    assert read(written(tmp_path, "\ufeff" + json.dumps(STATEMENTS), "bom.txt")).described.kind == "statements"


LINE = json.dumps(QUESTION)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("what?", ":2: is not JSON (column 1): a line is such as"),
        ('{"question": "a", "expected": [NaN]}', ":2: is not JSON: a line is such as"),
        ("[" * 100_000, ":2: is not JSON: a line is such as"),
        ('{"question": "a", "expected": ["a"], "expected": []}', ":2: has the key 'expected' twice in one object"),
        ('"a"', ":2: must be an object"),
        ("{}", ":2: `question` is missing"),
        ('{"question": " ", "expected": ["a"]}', ":2: `question` must not be blank"),
        ('{"question": 7, "expected": ["a"]}', ":2: `question` must be a text"),
        ('{"question": "a\\ud800", "expected": ["a"]}', ":2: `question` has a lone surrogate"),
        ('{"question": "a"}', ":2: nothing is known of the answer: give `expected`, `relevant` or `answerable`"),
        ('{"question": "a", "expected": {"b": 1}}', ":2: `expected` must be a list"),
        ('{"question": "a", "expected": ["b", 1]}', ":2: `expected[1]` must be a text"),
        ('{"question": "a", "expected": [""]}', ":2: `expected[0]` must not be blank"),
        ('{"question": "a", "answerable": "perhaps"}', ":2: `answerable` must be true or false"),
        ('{"question": "a", "answerable": false, "relevant": ["b"]}', ":2: `answerable` is false, and an answer or"),
        ('{"question": "a", "answer": "b"}', ":2: `answer` is not a known key"),
        ('{"question": "a", "expected": ["b"], "filter": "c"}', ":2: `filter` must be an object"),
        (LINE, ":2: the question of line 1 again: leave one out, or give each an `id`"),
    ],
)
def test_a_malformed_line_is_said_with_its_number_and_what_to_do(tmp_path: Path, line: str, says: str) -> None:
    file = written(tmp_path, f"{LINE}\n{line}\n", "questions.jsonl")

    with pytest.raises(SetupError) as unusable:
        read_input(file)

    assert str(unusable.value).startswith(f"{file}:2: ")
    assert says in str(unusable.value)
    assert "\n" not in str(unusable.value)


QA = "data.0.paragraphs.0.qas.0"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (changed(SQUAD, "data", {}), ": `data` must be a list: SQuAD 2.0 has"),
        (changed(SQUAD, "data.0", 7), ": data[0]: needs a `title`"),
        (changed(SQUAD, "data.0.title", ...), ": data[0]: needs a `title`"),
        (changed(SQUAD, "data.0.paragraphs", None), ": data[0]: `paragraphs` must be a list"),
        (changed(SQUAD, "data.0.paragraphs.0.context", 7), ": data[0].paragraphs[0]: needs a `context`"),
        (changed(SQUAD, "data.0.paragraphs.0.qas", ...), ": data[0].paragraphs[0]: `qas` must be a list"),
        (changed(SQUAD, f"{QA}.question", " "), ": data[0].paragraphs[0].qas[0]: needs a `question`"),
        (changed(SQUAD, f"{QA}.is_impossible", 0), ": data[0].paragraphs[0].qas[0]: needs a `question`"),
        (changed(SQUAD, f"{QA}.answers", []), ".qas[0]: has no answer: give one, or set `is_impossible`"),
        (changed(SQUAD, f"{QA}.answers.0.answer_start", 99), ".qas[0]: an answer needs `text`, and `answer_start`"),
        (changed(SQUAD, f"{QA}.answers.0", "six"), ".qas[0]: an answer needs `text`"),
        (changed(SQUAD, "data.0.paragraphs.0.qas.1.id", "q1"), ".qas[1]: the question q1 is in the file already"),
    ],
)
def test_a_malformed_squad_file_is_said_with_the_place(tmp_path: Path, content: Any, says: str) -> None:
    file = written(tmp_path, content)

    with pytest.raises(SetupError) as unusable:
        read_input(file)

    assert str(unusable.value).startswith(f"{file}: ")
    assert says in str(unusable.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (changed(STATEMENTS, "passages", ["p"]), "`passages` must be texts by id"),
        (changed(STATEMENTS, "passages.p1", 7), "passages['p1']: must be an object"),
        (changed(STATEMENTS, "passages.p1", ""), "passages['p1']: `text` must not be blank"),
        (changed(STATEMENTS, "passages.p2", {"text": "a", "body": "b"}), "passages['p2']: `body` is not a known key"),
        (changed(STATEMENTS, "statements", {}), "`statements` must be a list"),
        (changed(STATEMENTS, "statements.0", "s"), "statements[0]: must be an object"),
        (changed(STATEMENTS, "statements.0.passage", "p9"), "statements[0]: there is no passage 'p9': add it"),
        (changed(STATEMENTS, "statements.0.passage", ...), "statements[0]: must name either a `passage` or `passages`"),
        (changed(STATEMENTS, "statements.1.passage", "p1"), "statements[1]: must name either a `passage` or"),
        (changed(STATEMENTS, "statements.0.supported", 1), "statements[0]: `supported` must be true or false"),
        (changed(STATEMENTS, "statements.0.supported", ...), "statements[0]: `supported` is missing"),
        (changed(STATEMENTS, "statements.0.kind", " "), "statements[0]: `kind` must not be blank"),
        (changed(STATEMENTS, "statements.0.text", ""), "statements[0]: `text` must not be blank"),
        (changed(STATEMENTS, "statements.0.verdict", "x"), "statements[0]: `verdict` is not a known key"),
        (
            changed(STATEMENTS, "statements.1", STATEMENTS["statements"][0]),
            "statements[1]: the statement is in the file",
        ),
        ({**STATEMENTS, "extra": 1}, "`extra` is not a known key"),
    ],
)
def test_a_malformed_statement_is_said_with_the_place(tmp_path: Path, content: Any, says: str) -> None:
    file = written(tmp_path, content, "statements.json")

    with pytest.raises(SetupError) as unusable:
        read_input(file)

    assert str(unusable.value).startswith(f"{file}: ")
    assert says in str(unusable.value)
    assert "a file is such as" in str(unusable.value) or "passage" in str(unusable.value) or "id" in str(unusable.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty: give questions as JSON lines"),
        (b" \n\n ", "is empty"),
        (b"\xff\xfe", "is not UTF-8 in line 1: save it as UTF-8"),
        (b"{\n", "is not JSON ("),
        (b'{"passages": {"p": "a", "p": "b"}, "statements": []}', "has the key 'p' twice in one object: leave one out"),
        (b"[1, 2]", "is of no known format: give questions as JSON lines, SQuAD 2.0, labelled statements, "),
        (b'{"a": 1}', "is of no known format"),
        (b"null", "is of no known format"),
    ],
)
def test_a_file_of_no_known_format_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    file = written(tmp_path, content)

    with pytest.raises(SetupError) as unusable:
        read_input(file)

    assert f"{file}" in str(unusable.value)
    assert says in str(unusable.value)


def test_what_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    for place, says in (
        (tmp_path, "is a folder: name the file in it"),
        (tmp_path / "no", "cannot be read: No such file"),
    ):
        with pytest.raises(SetupError, match=says):
            read_input(place)


def test_questions_alone_are_asked_for_by_what_needs_them(tmp_path: Path) -> None:
    assert len(read_questions(written(tmp_path, SQUAD))) == 2
    with pytest.raises(SetupError, match="holds no questions: give them as JSON lines"):
        read_questions(written(tmp_path, STATEMENTS))


def test_two_files_with_the_same_question_are_refused(tmp_path: Path) -> None:
    one, other = (written(tmp_path, LINE, name) for name in ("one.jsonl", "other.jsonl"))

    with pytest.raises(SetupError, match=r"other\.jsonl has a question that .*one\.jsonl has too: leave one file out"):
        read_inputs([one, other])
    with pytest.raises(SetupError, match="leave one file out"):
        read_inputs([one, Path(str(one))])

"""The format of recordings: what is written is read again, and each malformed line is said with its number."""

import json
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.evaluation.inputs.files import read_input
from groundwire_server.evaluation.recording import RecordedRun, written
from tests.evaluation.samples import HEADER, answer, failed, mixed, question, statement


def text_of(run: RecordedRun) -> str:
    return "".join(map(written, (run.header, *run.lines)))


def read(folder: Path, text: str) -> RecordedRun:
    file = folder / "run.jsonl"
    file.write_text(text, encoding="utf-8")
    found = read_input(file)
    assert isinstance(found, RecordedRun)
    return found


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, text_of(mixed())) == mixed()


def test_a_recording_of_version_1_is_still_read() -> None:
    """The file was written by version 1 of the format, of which no line has an exchange."""
    found = read_input(Path(__file__).parent / "kept" / "version-1.jsonl")
    assert isinstance(found, RecordedRun)
    assert found.header.groundwire_recording == 1
    assert found.lines == mixed().lines


def test_a_line_is_one_line_whatever_its_texts_hold() -> None:
    line = question("odd", answer('first\nsecond\u2028third\u0085 "quoted" \x00'), ["x"])
    assert written(line).count("\n") == 1
    assert len(written(line).splitlines()) >= 1


def test_a_later_line_about_the_same_replaces_an_earlier_one(tmp_path: Path) -> None:
    again = question("broken", answer("Yes."), ["x"])
    found = read(tmp_path, text_of(RecordedRun(header=HEADER, lines=(failed("broken"), again))))
    assert found.lines == (again,)


def test_a_question_and_a_statement_of_one_id_are_two(tmp_path: Path) -> None:
    lines = (question("a", None, ["x"]), statement("a", Verdict.VERBATIM, supported=True))
    assert read(tmp_path, text_of(RecordedRun(header=HEADER, lines=lines))).lines == lines


HEAD = json.loads(written(HEADER))
QUESTION: dict[str, Any] = json.loads(written(question("a", answer("Yes.", cites=("c1",)), ["x"])))
STATEMENT: dict[str, Any] = json.loads(written(statement("s", Verdict.CONTRADICTED, supported=False)))


def with_value(line: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(line))
    *before, last = path.split(".")
    place: Any = copy
    for part in before:
        place = place[int(part) if part.isdecimal() else part]
    place[last] = value
    return copy


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("no JSON", "is not JSON ("),
        ("{}", "`kind` is missing"),
        (json.dumps({"kind": "other"}), "`kind` must be question, statement or text"),
        (json.dumps({"kind": "question"}), "`item` is missing"),
        (json.dumps(with_value(QUESTION, "more", 1)), "`more` is not a known key"),
        (json.dumps(with_value(QUESTION, "outcome.result", "great")), "`outcome.result` must be"),
        (json.dumps(with_value(QUESTION, "outcome.cause", "LUCK")), "`outcome.cause` must be"),
        (json.dumps(with_value(QUESTION, "outcome.total_ms", -1)), "`outcome.total_ms` must be greater"),
        (
            json.dumps(with_value(QUESTION, "outcome.answer.sentences.0.verdict", "FINE")),
            "sentences[0].verdict` must be",
        ),
        (json.dumps(with_value(QUESTION, "outcome.answer.confidence", 0.9)), "outcome.answer.confidence` must be"),
        (json.dumps(with_value(QUESTION, "passages", [{"chunk_id": "c"}])), "`passages[0].text` is missing"),
        (json.dumps(with_value(QUESTION, "item.expected", [""])), "`item.expected[0]` must not be blank"),
        (json.dumps(with_value(STATEMENT, "coverage", "much")), "`coverage` must be a number"),
        (json.dumps(with_value(STATEMENT, "support", float("nan"))), "`support` must be a finite number"),
        (json.dumps(with_value(STATEMENT, "item.passages", [])), "`item.passages` must not be empty"),
        (json.dumps(with_value(STATEMENT, "conflicts.0.kind", "TASTE")), "`conflicts[0].kind` must be"),
    ],
)
def test_a_malformed_line_is_said_with_its_number(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(SetupError) as unusable:
        read(tmp_path, f"{json.dumps(HEAD)}\n{json.dumps(STATEMENT)}\n{line}\n")

    message = str(unusable.value)
    assert message.startswith(f"{tmp_path / 'run.jsonl'}:3: ")
    assert says in message
    assert message.endswith("record it again with `groundwire eval --record`")


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ({**HEAD, "groundwire_recording": 3}, ":1: has version 3 of the format, and this groundwire reads 1 and 2"),
        ({**HEAD, "groundwire_recording": 10**300}, ":1: has another version of the format, and this groundwire reads"),
        ({**HEAD, "groundwire_recording": True}, ":1: has a version of the format that is no whole number: export"),
        ({**HEAD, "groundwire_recording": "\x1b[31m2"}, ":1: has a version of the format that is no whole number: ex"),
        ({"groundwire_recording": 1}, ":1: `subject` is missing"),
        ({**HEAD, "inputs": [{}]}, ":1: `inputs[0].name` is missing"),
        (with_value(HEAD, "subject.where", "elsewhere"), ":1: `subject.where` must be 'server' or 'in process'"),
    ],
)
def test_a_header_that_does_not_hold_is_refused(tmp_path: Path, header: dict[str, Any], says: str) -> None:
    with pytest.raises(SetupError) as unusable:
        read(tmp_path, f"{json.dumps(header)}\n")
    assert says in str(unusable.value)


def test_a_last_line_that_was_cut_off_is_said(tmp_path: Path) -> None:
    whole = text_of(mixed())
    with pytest.raises(SetupError, match=r"run\.jsonl:19: is cut off: go on with the run that wrote it"):
        read(tmp_path, whole[:-30])

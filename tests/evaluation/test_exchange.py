"""Exchanges in recordings: what is written is read again, each passage stands once, and what is wrong is said."""

import json
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.exchange import exchange_from_json, exchange_to_json
from groundwire_server.evaluation.inputs.files import read_input
from groundwire_server.evaluation.items import QuestionItem
from groundwire_server.evaluation.outcomes import recorded_outcome
from groundwire_server.evaluation.recording import RecordedQuestion, RecordedRun, written
from tests.evaluation.exchanges import PASSAGE, sample
from tests.evaluation.samples import HEADER

ITEM = QuestionItem(id="r", question="What is a lambda?", answerable=False)
LINE = RecordedQuestion(kind="question", item=ITEM, outcome=recorded_outcome(sample().outcome), exchange=sample())


def read(folder: Path, line: str) -> RecordedRun:
    file = folder / "run.jsonl"
    file.write_text(written(HEADER) + line, encoding="utf-8")
    found = read_input(file)
    assert isinstance(found, RecordedRun)
    return found


def test_an_exchange_is_read_as_it_was_written(tmp_path: Path) -> None:
    (line,) = read(tmp_path, written(LINE)).questions
    assert line.exchange == sample()
    assert line == LINE


def test_each_passage_stands_once() -> None:
    found = exchange_to_json(sample())
    assert [each["text"] for each in found["passages"]] == [PASSAGE.text]
    assert json.dumps(found).count(PASSAGE.text) == 1


def test_an_exchange_names_the_documents_that_it_has_text_of() -> None:
    assert sample().documents == {"lambdas"}


def with_value(path: str, value: Any) -> str:
    line: dict[str, Any] = json.loads(written(LINE))
    *before, last = path.split(".")
    place: Any = line["exchange"]
    for part in before:
        place = place[int(part) if part.isdecimal() else part]
    place[last] = value
    return json.dumps(line) + "\n"


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("mark", 7, "`mark is not a text`"),
        ("more", 1, "`has the unknown key 'more'`"),
        ("seconds", "soon", "`seconds is not a number`"),
        ("calls.0.port", "ORACLE", "`calls[0].port is no word of its list`"),
        ("calls.0.replies.0.$", "Guessed", "`calls[0].replies[0] is of no known kind`"),
        ("calls.0.replies.0.value.passages", [9], "`calls[0].replies[0].value.passages[0] names a passage that"),
        ("calls.1.replies.1.finish", {}, "`calls[1].replies[1].finish lacks the key 'reason'`"),
        ("policy", [], "`policy is not an object`"),
        ("parts.stamp", "?", "`parts.stamp is not Base64`"),
        ("dates", ["soon"], "`dates[0] is not a time`"),
        ("passages", {}, "is not an exchange"),
        ("calls.0.replies.0.$", {"$": "Returned"}, "`calls[0].replies[0] is of no known kind`"),
        ("calls.0.port", "VISIBILITY", "`calls[0] has a reply that is none of VISIBILITY`"),
        ("calls.0.replies.0.value", None, "`calls[0] has a reply that is none of SEARCH`"),
        ("calls.0.at", 1e300, "`calls[0] has a time that is none of a call`"),
        ("calls.0.replies.0.at", "nan", "`calls[0] has a time that is none of a call`"),
        ("clock", [{"order": 1, "at": "inf"}], "`clock has a time that is none of a call`"),
        ("outcome.report.trace_id", "none", "`outcome.report.trace_id is not the id of a trace`"),
    ],
)
def test_what_is_no_exchange_is_one_line_with_its_place(tmp_path: Path, path: str, value: Any, says: str) -> None:
    with pytest.raises(SetupError) as refused:
        read(tmp_path, with_value(path, value))
    assert says in str(refused.value)
    assert "run.jsonl:2: " in str(refused.value)
    assert "\n" not in str(refused.value)


def test_nothing_of_the_texts_is_in_an_error(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as refused:
        read(tmp_path, with_value("question", "my secret question"))
    assert "secret" not in str(refused.value)


def test_an_error_names_the_server_that_wrote_it() -> None:
    with pytest.raises(ValueError, match=r"groundwire-server 9\.9\.0: `has the unknown key 'later'`"):
        exchange_from_json({**exchange_to_json(sample()), "server": "9.9.0", "later": True})


def test_a_recording_that_was_cut_off_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"run\.jsonl:2: is cut off"):
        read(tmp_path, written(LINE)[:-200])


def test_deep_nesting_is_an_error_and_no_crash(tmp_path: Path) -> None:
    nested: Any = {"$": "IsNull", "key": "a"}
    for _ in range(900):
        nested = {"$": "Not", "operand": nested}
    with pytest.raises(SetupError) as refused:
        read(tmp_path, with_value("question.filter", nested))
    assert "\n" not in str(refused.value)

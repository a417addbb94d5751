"""Recorded calls, which nobody has labelled: what is measured of them, and compared when they are asked again."""

from pathlib import Path

import pytest

from groundwire_server.cli.evaluate.lines import label_lines
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.vocabulary import Action, Cause, NextStep
from groundwire_server.evaluation.inputs.files import questions_of_recordings, read_input
from groundwire_server.evaluation.items import QuestionItem
from groundwire_server.evaluation.recording import RecordedAnswer, RecordedOutcome, RecordedQuestion, RecordedRun
from groundwire_server.evaluation.result import evaluate
from groundwire_server.evaluation.wrong import wrong_items
from tests.evaluation.samples import HEADER, answer, outcome

FAILED = RecordedOutcome(
    result="failed_safe", cause=Cause.TIME_EXHAUSTED, action=Action.FAIL_SAFE, next_step=NextStep.RETRY_AFTER
)


def call(name: str, ended: RecordedOutcome, item: QuestionItem | None = None) -> RecordedQuestion:
    return RecordedQuestion(kind="question", item=item or QuestionItem(id=name, question=f"{name}?"), outcome=ended)


CALLS = RecordedRun.of(
    HEADER, [call("one", outcome(answer("Yes."))), call("two", outcome(None)), call("three", FAILED)]
)


def test_what_needs_no_label_is_measured_and_nothing_else() -> None:
    measures = evaluate([CALLS]).measures
    assert measures["items"] == {"questions": 3, "statements": 0, "texts": 0, "unlabelled": 3}
    assert set(measures["abstention"]) == {"failed", "risk_coverage"}
    assert "answers" not in measures
    assert measures["confidence"] == {"by_word": [], "by_relevance": []}
    assert measures["latency"]["total_ms"]["count"] == 3
    assert list(label_lines(evaluate([CALLS]))) == [
        "3 without a label, as recorded calls are: in no measure that compares with one",
        "--again asks them again, and compares with their recorded outcomes",
    ]


def test_one_that_somebody_has_labelled_counts() -> None:
    labelled = QuestionItem(id="one", question="one?", answerable=False)
    run = RecordedRun.of(HEADER, [call("one", outcome(answer("Yes.")), labelled), *CALLS.lines[1:]])
    measures = evaluate([run]).measures
    assert measures["items"]["unlabelled"] == 2
    wrongly = measures["abstention"]["wrongly_answered"]
    assert (wrongly["value"], wrongly["count"]) == (1.0, 1)


def test_asked_again_they_are_compared_with_how_they_ended() -> None:
    one, two, three = questions_of_recordings([CALLS]).questions
    assert [(each.answerable, each.labelled_by_outcome) for each in (one, two, three)] == [
        (True, True),
        (False, True),
        (None, False),
    ]
    ended: list[tuple[QuestionItem, RecordedAnswer | None]] = [(one, None), (two, answer("No.")), (three, None)]
    again = RecordedRun.of(HEADER, [call(item.id, outcome(given), item) for item, given in ended])
    result = evaluate([again])
    assert result.measures["abstention"]["wrongly_abstained"]["count"] == 1
    assert result.measures["abstention"]["wrongly_answered"]["value"] == 1.0
    assert "answers" not in result.measures
    assert [each.group for each in wrong_items([again])] == [
        "abstained, though the recorded call was answered",
        "answered, though the recorded call abstained",
    ]
    assert list(label_lines(result)) == [
        "1 without a label, as recorded calls are: in no measure that compares with one",
        "2 compared with their recorded outcomes: whether they were answered then",
    ]


def test_an_answer_whose_text_was_not_kept_was_an_answer() -> None:
    masked = outcome(answer("Yes.")).model_copy(update={"answer": None})
    run = RecordedRun.of(HEADER, [call("one", masked)])
    assert evaluate([run]).measures["abstention"]["failed"]["value"] == 0.0
    assert questions_of_recordings([run]).questions[0].answerable is True


def test_a_file_of_questions_needs_labels(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text('{"question": "Who signs?"}\n')
    with pytest.raises(SetupError, match=r"questions\.jsonl:1: nothing is known of the answer: give `expected`"):
        read_input(file)

"""Cases for prompts: what a file of them may say, and what must hold of an outcome."""

from pathlib import Path
from typing import Any

import pytest

from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.vocabulary import Action, Cause, Confidence, NextStep, Verdict
from groundwire_server.evaluation.prompt_cases import ExpectedOutcome, read_cases
from groundwire_server.evaluation.recording import (
    RecordedAnswer,
    RecordedCitation,
    RecordedOutcome,
    RecordedSentence,
)

CASE = """cases:
  - name: hours
    question: When does it open?
    passages: [{id: hours, text: It opens at six.}]
    expect: {result: answered}
"""

ABSTAINED = RecordedOutcome(
    result="abstained", cause=Cause.MODEL_ABSTAINED, action=Action.ABSTAIN, next_step=NextStep.REPHRASE
)
ANSWERED = RecordedOutcome(
    result="answered",
    cause=Cause.ANSWER_VALIDATED,
    action=Action.ANSWER,
    next_step=NextStep.SHOW,
    answer=RecordedAnswer(
        text="It opens at SIX.",
        verified=True,
        confidence=Confidence.HIGH,
        sentences=(RecordedSentence(text="It opens at SIX.", verdict=Verdict.ENTAILED, support=0.9, citations=(0,)),),
        citations=(RecordedCitation(chunk_id="hours"),),
    ),
)


def faults(outcome: RecordedOutcome = ANSWERED, **expected: Any) -> list[str]:
    return list(ExpectedOutcome.model_validate(expected).faults(outcome))


@pytest.mark.parametrize(
    ("expected", "fault"),
    [
        ({"result": "abstained"}, "result is answered, not abstained"),
        ({"result": ["abstained", "blocked"]}, "result is answered, not abstained or blocked"),
        ({"cause": "NO_EVIDENCE"}, "cause is ANSWER_VALIDATED, not NO_EVIDENCE"),
        ({"verdicts": "VERBATIM"}, "a sentence is ENTAILED, not VERBATIM: “It opens at SIX.”"),
        ({"confidence": ["LOW"]}, "confidence is HIGH, not LOW"),
        ({"verified": False}, "the answer is verified"),
        ({"contains": ["six", "seven"]}, "the answer lacks “seven”"),
        ({"contains_one_of": ["seven", "eight"]}, "the answer has none of “seven”, “eight”"),
        ({"not_contains": "six"}, "the answer has “six”"),
        ({"cites": ["hours", "rooms"]}, "rooms is not cited"),
        ({"not_cites": "hours"}, "hours is cited"),
    ],
)
def test_what_does_not_hold_is_one_line(expected: dict[str, Any], fault: str) -> None:
    assert faults(**expected) == [fault]


def test_what_holds_is_no_fault() -> None:
    assert (
        faults(
            result=["answered", "degraded"],
            cause="ANSWER_VALIDATED",
            verdicts=["VERBATIM", "ENTAILED"],
            confidence="HIGH",
            verified=True,
            contains="Six",
            contains_one_of=["five", "six"],
            not_contains="seven",
            cites="hours",
            not_cites="rooms",
        )
        == []
    )


def test_an_outcome_without_an_answer_has_no_text_and_no_citation() -> None:
    assert faults(ABSTAINED, contains="six", cites="hours", verified=True, confidence="HIGH") == [
        "confidence is none, not HIGH",
        "the answer is not verified",
        "the answer lacks “six”",
        "hours is not cited",
    ]
    assert faults(ABSTAINED, not_contains="six", not_cites="hours", verdicts="VERBATIM", result="abstained") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be an object"),
        ("cases: []\n", "`cases` must not be empty"),
        ("cases: [\n", ":2: this is not YAML"),
        (CASE.replace("{result: answered}", "{}"), "`cases[0]` `expect` says nothing: name what must hold"),
        (CASE.replace("answered", "answerd"), "`cases[0].expect.result[0]` must be 'answered', 'abstained'"),
        (CASE.replace("expect:", "expects:"), "`cases[0].expect` is missing"),
        (CASE.replace("}]", "}, {id: hours, text: Twice.}]"), "`cases[0]` two passages have the id hours"),
        (CASE.replace("[{id: hours, text: It opens at six.}]", "[]"), "`cases[0].passages` must not be empty"),
        (CASE.replace("{result: answered}", "{result: null, contains: []}"), "`expect` says nothing"),
        (CASE.replace("{result: answered}", "{not_cites: [hourz]}"), "names the passage hourz, which the"),
        (CASE.replace("id: hours", 'id: "two words"'), ":4: `cases[0].passages[0].id` must match ^[!-~]{1,256}$"),
        (CASE + "    question: Who?\n", ":6: `cases[0].question` is given twice, first in line 3"),
        (f"cases: {'[' * 5000}", "is nested over 32 levels deep"),
        (CASE + CASE.removeprefix("cases:\n"), "two cases have the name 'hours': give each its own"),
        (
            CASE + "    turns: [{user: Hi, assistant: Hello}]\n",
            "`cases[0].turns[0]` a turn is of the `user` or of the `assistant`: give one",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(text)
    with pytest.raises(SetupError) as wrong:
        read_cases(file)
    assert str(wrong.value).startswith(str(file))
    assert said in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_words_that_look_like_something_else_are_texts(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(CASE.replace("name: hours", "name: yes").replace("When does it open?", "2026-13-45"))
    (case,) = read_cases(file).cases
    assert (case.name, case.question) == ("yes", "2026-13-45")


def test_a_case_may_be_of_another_route_and_have_turns(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(CASE + "    route: faq\n    turns: [{user: Hi}, {assistant: Hello}]\n    context: {plan: gold}\n")
    read = read_cases(file)
    assert read.route == "default"
    assert (read.cases[0].route, len(read.cases[0].turns), read.cases[0].context) == ("faq", 2, {"plan": "gold"})

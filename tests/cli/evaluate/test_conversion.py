"""What comes back from a server, as it is recorded."""

import pytest

from groundwire.v1.cause_pb2 import Cause
from groundwire.v1.grounding_pb2 import Confidence, Conflict, GroundedText, Sentence, Span, Verdict
from groundwire.v1.outcome_pb2 import Action, Blocked, Cached, Degraded, NextStep, Outcome
from groundwire.v1.passage_pb2 import Passage, Scores
from groundwire.v1.report_pb2 import Report, Stage, Usage
from groundwire_server.cli.evaluate.conversion import recorded_outcome, recorded_passages
from groundwire_server.evaluation.recording import RecordedConflict, RecordedUsage
from tests.doubles import events

TEXT = "Größe: zwei. Es sind drei."


def grounded() -> GroundedText:
    second = Span(start_byte=15, end_byte=28, start_code_point=13, end_code_point=26)
    conflict = Conflict(
        kind=Conflict.KIND_NUMBER, span=Span(start_code_point=21, end_code_point=25), passage_words="vier"
    )
    return GroundedText(
        text=TEXT,
        confidence=Confidence.CONFIDENCE_MEDIUM,
        model_confidence=Confidence.CONFIDENCE_HIGH,
        sentences=[
            Sentence(
                span=second,
                verdict=Verdict.VERDICT_CONTRADICTED,
                support_score=1 / 3,
                citation_indexes=[0],
                checker="rules",
                conflicts=[conflict],
            )
        ],
    )


def outcome(**result: object) -> Outcome:
    report = Report(
        usage=[Usage(model="m", purpose=Usage.PURPOSE_CHECK, input_tokens=5, cost_micros=7, currency="EUR")],
        stages=[events.timing(Stage.STAGE_CHECK, 0, 1.5, 10, Cause.CAUSE_MODEL_TIMEOUT, 2)],
    )
    words = {
        "cause": Cause.CAUSE_MODEL_TIMEOUT,
        "action": Action.ACTION_CUT_SHORT,
        "next_step": NextStep.NEXT_STEP_SHOW_WITH_CAUTION,
    }
    return Outcome(report=report, **words, **result)  # type: ignore[arg-type]


def test_sentences_and_conflicts_are_recorded_with_their_words() -> None:
    found = recorded_outcome(outcome(degraded=Degraded(answer=grounded())))

    assert found.answer is not None
    (sentence,) = found.answer.sentences
    assert (sentence.text, sentence.verdict, sentence.support) == ("Es sind drei.", "CONTRADICTED", 0.333333)
    assert sentence.conflicts == (RecordedConflict(kind="NUMBER", words="drei", passage_words="vier"),)
    assert (found.answer.confidence, found.answer.model_confidence) == ("MEDIUM", "HIGH")


def test_what_was_consumed_and_how_a_stage_failed_is_recorded() -> None:
    found = recorded_outcome(outcome(cached=Cached(answer=grounded())))

    assert found.usage == (RecordedUsage(model="m", purpose="CHECK", input_tokens=5, cost_micros=7, currency="EUR"),)
    (stage,) = found.stages
    assert (stage.stage, stage.duration_ms, stage.cause, stage.attempt) == ("CHECK", 1.5, "MODEL_TIMEOUT", 2)
    assert found.first_token_ms is None


def test_an_outcome_without_a_text_has_no_answer() -> None:
    assert recorded_outcome(outcome(blocked=Blocked(policy="p"))).answer is None
    assert recorded_outcome(outcome(degraded=Degraded())).answer is None


def test_a_score_that_was_not_computed_is_not_recorded_as_zero() -> None:
    (one,) = recorded_passages([Passage(chunk_id="c", text="t", scores=Scores(relevance=0.0, keyword=2.5))])
    assert (one.relevance, one.keyword, one.vector_similarity) == (0.0, 2.5, None)


@pytest.mark.parametrize(
    "unknown",
    [
        {"cause": 9999},
        {"next_step": 9999},
        {"answered": events.answered().answered, "action": 9999},
        {},
    ],
    ids=["cause", "next step", "action", "result"],
)
def test_a_word_of_a_newer_server_is_an_error(unknown: dict[str, object]) -> None:
    message = outcome(**({"blocked": Blocked()} if "answered" not in unknown and unknown else {}))
    for name, value in unknown.items():
        if isinstance(value, int):
            setattr(message, name, value)
    with pytest.raises(ValueError, match=r"."):
        recorded_outcome(message)

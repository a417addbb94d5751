"""Recorded outcomes beside replayed ones: what differs in one call, and over many."""

from groundwire_server.domain.vocabulary import Action, Cause, NextStep, Verdict
from groundwire_server.evaluation.recording import (
    RecordedAnswer,
    RecordedCitation,
    RecordedOutcome,
    RecordedSentence,
)
from groundwire_server.evaluation.replayed import (
    OutcomeDifference,
    ReplayedCall,
    ReplaySummary,
    facts_of,
    outcome_differences,
)

ABSTAINED = RecordedOutcome(
    result="abstained",
    cause=Cause.MODEL_ABSTAINED,
    action=Action.ABSTAIN,
    next_step=NextStep.REPHRASE,
    model="small",
    prompt="answer 1.3.0",
)


def answered(text: str = "It opens at six.", verdict: Verdict = Verdict.VERBATIM, **changes: object) -> RecordedOutcome:
    made = RecordedOutcome(
        result="answered",
        cause=Cause.ANSWER_VALIDATED,
        action=Action.ANSWER,
        next_step=NextStep.SHOW,
        model="small",
        prompt="answer 1.2.0",
        answer=RecordedAnswer(
            text=text,
            sentences=(RecordedSentence(text=text, verdict=verdict, support=0.9, citations=(0,)),),
            citations=(RecordedCitation(chunk_id="hours"),),
        ),
    )
    return made.model_copy(update=changes)


def call(after: RecordedOutcome | None, missing: str = "") -> ReplayedCall:
    return ReplayedCall("one", "When does it open?", answered(), after, missing)


def test_the_same_outcome_has_no_difference_whatever_it_took() -> None:
    assert outcome_differences(answered(), answered(total_ms=7.0, trace_id="ab")) == ()
    assert not call(answered()).changed


def test_each_thing_that_differs_is_named_with_both_sides() -> None:
    other = answered("It opens at seven.", Verdict.CONSISTENT)
    assert outcome_differences(answered(), other) == (
        OutcomeDifference("answer", "It opens at six.", "It opens at seven."),
        OutcomeDifference("verdicts", "VERBATIM", "CONSISTENT"),
    )
    found = {each.what: (each.before, each.after) for each in outcome_differences(answered(), ABSTAINED)}
    assert found["result"] == ("answered", "abstained")
    assert found["cause"] == ("ANSWER_VALIDATED", "MODEL_ABSTAINED")
    assert found["answer"] == ("It opens at six.", "")
    assert found["citations"] == ("hours", "")
    assert found["prompt"] == ("answer 1.2.0", "answer 1.3.0")


def test_who_wrote_it_and_by_which_prompt_changes_nothing_for_the_caller() -> None:
    assert not call(answered(model="large", prompt="answer 1.3.0")).changed
    assert call(ABSTAINED).changed
    assert not call(None, "no recording has it").changed


def test_a_replay_is_exact_where_no_place_differs() -> None:
    assert call(answered()).exact
    assert not ReplayedCall("one", "?", answered(), answered(), places=("outcome.report.found",)).exact
    assert not call(None, "no recording has it").exact


def test_a_summary_counts_what_changed() -> None:
    calls = [
        call(answered()),
        call(ABSTAINED),
        call(ABSTAINED),
        call(answered("It opens at seven.", Verdict.CONSISTENT)),
        call(None, "no recording has it"),
    ]
    summary = ReplaySummary.of(calls)
    assert (summary.calls, summary.unknown, summary.changed) == (5, {"no recording has it": 1}, 3)
    assert summary.results == {("answered", "abstained"): 2}
    assert summary.causes == {("ANSWER_VALIDATED", "MODEL_ABSTAINED"): 2}
    assert summary.verdicts_before == {"VERBATIM": 4}
    assert summary.verdicts_after == {"VERBATIM": 1, "CONSISTENT": 1}
    assert summary.facts()["results"] == [{"before": "answered", "after": "abstained", "calls": 2}]


def test_facts_of_a_call_are_json() -> None:
    facts = facts_of(call(ABSTAINED))
    assert facts["before"]["answer"]["text"] == "It opens at six."
    assert facts["after"]["cause"] == "MODEL_ABSTAINED"
    assert facts["changed"] is True
    assert facts_of(call(None, "why"))["after"] is None

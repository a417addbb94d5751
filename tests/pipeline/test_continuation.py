"""What stands when a model fails is continued by the next, as the path's doubles show it; in virtual time."""

import pytest

from groundwire_server.domain.answer import Citation, GroundedText
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.outcome import Degraded, Outcome
from groundwire_server.domain.vocabulary import Action, Cause, Confidence, Loss, StreamMode
from tests.doubles.generator import DONE, Move, Wait, draft
from tests.pipeline.running import FIRST, SECOND, THIRD, deltas, streamed

FAILED = Failure(Cause.MODEL_INTERRUPTED)
BEGUN: list[Move] = [*draft((FIRST, ["p1"]))[:2], FAILED]
PROVISIONAL = StreamMode.PROVISIONAL
CONFIDENT = frozenset({Confidence.MEDIUM, Confidence.HIGH})


def degraded(outcome: Outcome) -> tuple[tuple[Loss, ...], GroundedText]:
    assert isinstance(outcome.result, Degraded)
    assert outcome.result.answer is not None
    return outcome.result.losses, outcome.result.answer


async def test_the_next_model_adds_what_follows() -> None:
    outcome, sink, (_, second) = await streamed(BEGUN, [*draft((SECOND, ["p1"]), (THIRD, ["p1"])), DONE])
    losses, answer = degraded(outcome)
    assert deltas(sink) == [FIRST, f" {SECOND}", f" {THIRD}"]
    assert answer.text == f"{FIRST} {SECOND} {THIRD}"
    assert tuple(event for event in sink.events if isinstance(event, Citation)) == answer.citations
    for citation, said in zip(answer.citations, (FIRST, SECOND, THIRD), strict=True):
        span = citation.span
        assert answer.text[span.start_code_point : span.end_code_point] == said
        assert answer.text.encode()[span.start_byte : span.end_byte].decode() == said
    assert (outcome.cause, outcome.action, losses) == (FAILED.cause, Action.NEXT_MODEL, (Loss.SIMPLER_MODEL,))
    assert (outcome.report.model, len(outcome.report.attempts)) == ("model-2", 2)
    (asked,) = second.requests
    assert f'{{"text": "{FIRST}", "cites": ["p1"]}}' in asked.prompt.user


@pytest.mark.parametrize("again", [[FIRST], [FIRST.upper()], [FIRST, SECOND]], ids=["alone", "in capitals", "and more"])
async def test_what_was_given_is_not_said_again(again: list[str]) -> None:
    outcome, sink, _ = await streamed(BEGUN, [*draft(*((text, ["p1"]) for text in again)), DONE])
    _, answer = degraded(outcome)
    expected = [FIRST, *(f" {text}" for text in again[1:])]
    assert deltas(sink) == expected
    assert answer.text == "".join(expected)
    assert outcome.action is Action.NEXT_MODEL


async def test_a_segment_that_begins_with_what_stands_adds_the_rest_of_it_alone() -> None:
    outcome, sink, _ = await streamed(BEGUN, [*draft((f"{FIRST} {SECOND} {THIRD}", ["p1"])), DONE])
    _, answer = degraded(outcome)
    assert deltas(sink) == [FIRST, f" {SECOND} {THIRD}"]
    assert answer.text == "".join(deltas(sink))
    assert answer.text.encode()[answer.citations[1].span.start_byte :].decode() == f"{SECOND} {THIRD}"


async def test_two_segments_that_stand_are_not_said_again_as_one() -> None:
    begun: list[Move] = [*draft((FIRST, ["p1"]), (SECOND, ["p1"]))[:3], FAILED]
    rest = draft((f"{FIRST} {SECOND}", ["p1"]), (THIRD, ["p1"]))
    _, sink, _ = await streamed(begun, [*rest, DONE])
    assert deltas(sink) == [FIRST, f" {SECOND}", f" {THIRD}"]


@pytest.mark.parametrize(
    ("one", "other", "lower"),
    [("high", "medium", Confidence.MEDIUM), ("medium", "high", Confidence.MEDIUM), ("high", "high", Confidence.HIGH)],
)
async def test_confidence_is_the_lower_of_the_two(one: str, other: str, lower: Confidence) -> None:
    begun: list[Move] = [*draft((FIRST, ["p1"]), confidence=one)[:2], FAILED]
    outcome, _, _ = await streamed(begun, [*draft((SECOND, ["p1"]), confidence=other), DONE])
    assert degraded(outcome)[1].confidence is lower


async def test_a_chain_of_three_each_with_a_segment() -> None:
    then: list[Move] = [*draft((SECOND, ["p1"]), confidence="medium")[:2], Failure(Cause.MODEL_CONTENT_FILTERED)]
    outcome, sink, models = await streamed(BEGUN, then, [*draft((THIRD, ["p1"])), DONE])
    losses, answer = degraded(outcome)
    assert answer.text == "".join(deltas(sink)) == f"{FIRST} {SECOND} {THIRD}"
    assert answer.confidence is Confidence.MEDIUM
    assert losses == (Loss.SIMPLER_MODEL,)
    assert (outcome.cause, len(outcome.report.attempts)) == (Cause.MODEL_CONTENT_FILTERED, 3)
    assert SECOND in models[2].requests[0].prompt.user.split("<given-")[1]


async def test_a_model_may_say_that_nothing_is_missing() -> None:
    outcome, sink, _ = await streamed(BEGUN, [*draft(), DONE])
    losses, answer = degraded(outcome)
    assert answer.text == "".join(deltas(sink)) == FIRST
    assert (outcome.action, losses) == (Action.NEXT_MODEL, (Loss.SIMPLER_MODEL,))


CUT: dict[str, tuple[list[Move], Cause, str]] = {
    "it is away": ([Failure(Cause.MODEL_UNAVAILABLE)], Cause.MODEL_UNAVAILABLE, "model-1"),
    "it is late": ([Wait(60.0)], Cause.MODEL_TIMEOUT, "model-1"),
    "it finds no answer": ([*draft(confidence="low"), DONE], Cause.MODEL_ABSTAINED, "model-1"),
    "it is not sure": ([*draft((SECOND, ["p1"]), confidence="low"), DONE], Cause.CONFIDENCE_NOT_ALLOWED, "model-1"),
    "it invents": ([*draft(("Church had a cat.", ["p1"])), DONE], Cause.UNSUPPORTED, "model-1"),
    "it fails as well": ([*draft((SECOND, ["p1"]))[:2], FAILED], FAILED.cause, "model-2"),
}


@pytest.mark.parametrize("case", CUT)
async def test_the_answer_is_cut_short_where_the_next_model_fails_too(case: str) -> None:
    script, cause, author = CUT[case]
    outcome, sink, _ = await streamed(BEGUN, script)
    losses, answer = degraded(outcome)
    assert answer.text == "".join(deltas(sink)) == (f"{FIRST} {SECOND}" if author == "model-2" else FIRST)
    assert (outcome.cause, outcome.action, losses) == (cause, Action.CUT_SHORT, (Loss.REST_OF_ANSWER,))
    repaired = cause is Cause.UNSUPPORTED
    assert (outcome.report.model, len(outcome.report.attempts)) == (author, 3 if repaired else 2)


async def test_a_model_that_finds_no_answer_continues_nothing_though_the_route_takes_low_confidence() -> None:
    allowed = CONFIDENT | {Confidence.LOW}
    outcome, _, _ = await streamed(BEGUN, [*draft(confidence="low"), DONE], allowed_confidence=allowed)
    assert (outcome.cause, outcome.action) == (Cause.MODEL_ABSTAINED, Action.CUT_SHORT)


async def test_provisional_text_is_not_continued_but_written_anew() -> None:
    outcome, _, (_, second) = await streamed(BEGUN, [*draft((SECOND, ["p1"])), DONE], mode=PROVISIONAL)
    assert degraded(outcome)[1].text == SECOND
    assert "<given-" not in second.requests[0].prompt.user

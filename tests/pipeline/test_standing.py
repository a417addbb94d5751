"""What a route makes of a sentence below what it lets leave, segment by segment and on the whole path."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from groundwire_server.domain.answer import Citation, Segment
from groundwire_server.domain.event import Retraction, TextDelta
from groundwire_server.domain.outcome import Abstained, Answered, Degraded
from groundwire_server.domain.policy import Policy, ReleasePolicy
from groundwire_server.domain.refused import SentenceFailure
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.domain.vocabulary import (
    Action,
    BelowMinimum,
    Cause,
    Confidence,
    Loss,
    NextStep,
    ReleaseMinimum,
    StreamMode,
    Verdict,
)
from groundwire_server.pipeline.check import SegmentChecker
from groundwire_server.pipeline.support import Source
from tests.doubles.generator import DONE, Move, ScriptedGenerator, draft, letters
from tests.doubles.sink import RecordingSink
from tests.pipeline.running import FIRST, SECOND, THIRD, deltas, kept, path, streamed
from tests.pipeline.samples import RULES, check_segment, check_segments, passage, policy

DOSES = "Adults take 1200 mg a day. Children take half. Öl is no remedy. The leaflet is in the box."
SOURCES = {"p1": Source(passage("c1", DOSES)), "p2": Source(passage("c2", "Parcels wait in the mail room."))}
GOOD, WRONG, INVENTED, LAST = (
    "Adults take 1200 mg a day.",
    "Adults take 9600 mg a day.",
    "Bananas ripen quickly.",
    "The leaflet is in the box.",
)
CAUTION, DROP, FAIL = BelowMinimum.CAUTION, BelowMinimum.DROP, BelowMinimum.FAIL
VERIFIED, CONSISTENT = ReleaseMinimum.VERIFIED, ReleaseMinimum.CONSISTENT


def route(below: BelowMinimum, minimum: ReleaseMinimum = CONSISTENT, **changes: Any) -> Policy:
    return replace(policy(), release=ReleasePolicy(minimum, below), **changes)


def segments(*texts: str) -> list[Segment]:
    return [Segment(text, ("p1",)) for text in texts]


@pytest.mark.parametrize(
    ("text", "made", "cause", "said", "passage_words"),
    [
        (f"{GOOD} {WRONG}", route(FAIL), Cause.CONTRADICTED, WRONG, "1200 mg"),
        (f"{INVENTED} {WRONG}", route(FAIL), Cause.CONTRADICTED, WRONG, "1200 mg"),
        (f"{GOOD} {INVENTED}", route(FAIL), Cause.UNSUPPORTED, INVENTED, ""),
        (f"{WRONG}", route(CAUTION), Cause.CONTRADICTED, WRONG, "1200 mg"),
        ("Children take half of it.", route(FAIL, VERIFIED), Cause.NOT_VERIFIED, "Children take half of it.", ""),
        (
            "Children take half of it.",
            route(FAIL, min_support=0.999),
            Cause.UNSUPPORTED,
            "Children take half of it.",
            "",
        ),
    ],
)
def test_a_refused_sentence_is_named_with_what_its_passage_says(
    text: str, made: Policy, cause: Cause, said: str, passage_words: str
) -> None:
    with pytest.raises(SentenceFailure) as caught:
        check_segment(Segment(text, ("p1",)), "", SOURCES, made)
    sentence = caught.value.sentence
    assert (caught.value.cause, sentence.text) == (cause, said)
    assert [each.passage_words for each in sentence.departures if each.passage_words] == (
        [passage_words] if passage_words else []
    )


@pytest.mark.parametrize(
    "framing",
    [
        "These 3 are abolished:",
        "## Abolished in 1850",
        "**Rules abolished in 1850**",
        "| Abolished | 1850 |",
        "Which of these did the court of 1850 abolish?",
    ],
)
def test_what_frames_the_text_after_it_is_not_dropped(framing: str) -> None:
    """Without it, what follows would say something else."""
    placed = check_segments(segments(framing, GOOD), "", SOURCES, route(DROP))
    assert not placed.segments
    assert isinstance(placed.failure, SentenceFailure)


def test_a_clause_is_not_dropped_from_its_sentence() -> None:
    placed = check_segments(
        segments("Adults take 1200 mg a day,", "which the court of 1850 abolished."), "", SOURCES, route(DROP)
    )
    assert [each.delta for each in placed.segments] == ["Adults take 1200 mg a day,"]
    assert placed.failure is not None


def test_an_item_is_dropped() -> None:
    placed = check_segments(segments("- Bananas ripen", GOOD), "", SOURCES, route(DROP))
    assert ([each.delta for each in placed.segments], placed.failure) == ([GOOD], None)


@pytest.mark.parametrize(
    ("text", "cites", "chunk"),
    [
        (WRONG, ("p1",), "c1"),
        ("Parcels wait in the basement.", ("p1",), "c2"),
        ("Parcels wait in the cellar of the mail room.", ("p9",), "c2"),
        (INVENTED, ("p1",), None),
    ],
)
def test_a_refused_sentence_comes_with_the_passage_that_it_should_rest_on(
    text: str, cites: Sequence[str], chunk: str | None
) -> None:
    with pytest.raises(SentenceFailure) as caught:
        check_segment(Segment(text, tuple(cites)), "", SOURCES, policy())
    found = caught.value.sentence.passage
    assert (None if found is None else found.chunk_id) == chunk


def test_with_caution_an_unsupported_sentence_leaves_with_its_verdict() -> None:
    checked = check_segment(Segment(f"{GOOD} {INVENTED}", ("p1",)), "", SOURCES, route(CAUTION))
    assert checked.delta == f"{GOOD} {INVENTED}"
    assert [sentence.verdict for sentence in checked.sentences] == [Verdict.VERBATIM, Verdict.UNSUPPORTED]


def test_markup_that_no_passage_has_never_leaves() -> None:
    with pytest.raises(SentenceFailure) as caught:
        check_segment(Segment(f"{GOOD[:-1]} ![x](http://evil.example/a.png).", ("p1",)), "", SOURCES, route(CAUTION))
    assert caught.value.cause is Cause.UNSUPPORTED


@pytest.mark.parametrize(
    "texts",
    [
        [f"{GOOD} {INVENTED} {LAST}"],
        [GOOD, INVENTED, LAST],
        [f"{GOOD} {INVENTED}", LAST],
        [GOOD, f"{INVENTED} {LAST}"],
    ],
)
def test_a_dropped_sentence_is_left_out_and_what_follows_moves_up(texts: list[str]) -> None:
    before = "Überdosis —"
    placed = check_segments(segments(*texts), before, SOURCES, route(DROP))
    assert placed.failure is None
    whole = before + "".join(segment.delta for segment in placed.segments)
    assert whole == f"{before} {GOOD} {LAST}"
    assert (placed.dropped, placed.left_out) == (Cause.UNSUPPORTED, (Cause.UNSUPPORTED,))
    sentences = [sentence for segment in placed.segments for sentence in segment.sentences]
    for sentence, said in zip(sentences, (GOOD, LAST), strict=True):
        span = sentence.span
        assert whole[span.start_code_point : span.end_code_point] == said
        assert whole.encode()[span.start_byte : span.end_byte].decode() == said


@pytest.mark.parametrize(
    ("texts", "stands"),
    [
        ([f"{INVENTED} It is in the box."], []),
        ([GOOD, INVENTED, "It is in the box."], [GOOD]),
        ([GOOD, "Bananas ripen only in summer."], [GOOD]),
        ([GOOD, "Adults take no 1200 mg a day."], [GOOD]),
        (["The doses are:", INVENTED], ["The doses are:"]),
    ],
)
def test_a_sentence_that_others_depend_on_is_not_dropped(texts: list[str], stands: list[str]) -> None:
    placed = check_segments(segments(*texts), "", SOURCES, route(DROP))
    standing = "".join(segment.delta for segment in placed.segments)
    assert isinstance(placed.failure, SentenceFailure)
    assert standing == " ".join(stands)


MARKED: dict[str, tuple[dict[str, Any], tuple[Loss, ...], Cause, str]] = {
    "caution": (
        {"release": ReleasePolicy(CONSISTENT, CAUTION)},
        (Loss.SENTENCES_BELOW_MINIMUM,),
        Cause.UNSUPPORTED,
        f"{FIRST} {INVENTED} {THIRD}",
    ),
    "drop": (
        {"release": ReleasePolicy(CONSISTENT, DROP)},
        (Loss.SENTENCES_DROPPED,),
        Cause.UNSUPPORTED,
        f"{FIRST} Lambda expressions yield naïve functions.",
    ),
}


@pytest.mark.parametrize("mode", [None, *StreamMode])
@pytest.mark.parametrize("case", MARKED)
async def test_an_answer_with_sentences_below_the_minimum_is_degraded_and_shown_with_caution(
    case: str, mode: StreamMode | None
) -> None:
    changes, losses, cause, text = MARKED[case]
    changes = changes if mode is None else {**changes, "mode": mode}
    end = THIRD if case == "caution" else FIRST
    script: list[Move] = [*letters(draft((FIRST, ["p1"]), (INVENTED, ["p1"]), (end, ["p1"]))), DONE]
    made = await path(script, **changes)
    sink = None if mode is None else RecordingSink()
    outcome = await made.ask(sink)
    assert isinstance(outcome.result, Degraded)
    assert outcome.result.answer is not None
    assert outcome.result.answer.text == text
    assert (outcome.result.losses, outcome.cause, outcome.action) == (losses, cause, Action.ANSWER)
    assert outcome.next_step is NextStep.SHOW_WITH_CAUTION
    if sink is not None:
        assert kept(sink) == text
    if sink is not None and mode is StreamMode.CHECKED:
        assert not any(isinstance(event, Retraction) for event in sink.events)


def test_a_sentence_is_left_out_for_good_once_it_is_known_what_follows() -> None:
    handles = {handle: source.passage for handle, source in SOURCES.items()}
    checker = SegmentChecker(handles, (), route(DROP), RULES, "")
    last = checker.place(checker.judge(segments(GOOD, INVENTED), None), "")
    assert (last.dropped, last.left_out) == (Cause.UNSUPPORTED, ())
    assert checker.end() == (Cause.UNSUPPORTED,)
    assert checker.end() == ()


@pytest.mark.parametrize("mode", StreamMode)
async def test_a_sentence_that_is_repaired_was_not_left_out(mode: StreamMode) -> None:
    leaning: list[Move] = [*letters(draft((FIRST, ["p1"]), (INVENTED, ["p1"]), (SECOND, ["p1"]))), DONE]
    again: list[Move] = [*draft((SECOND, ["p1"])), DONE]
    outcome, sink, _ = await streamed(
        ScriptedGenerator(leaning, again), release=ReleasePolicy(CONSISTENT, DROP), mode=mode
    )
    assert isinstance(outcome.result, Answered)
    assert outcome.action is Action.REPAIR
    assert kept(sink) == outcome.result.answer.text == f"{FIRST} {SECOND}"


async def test_provisional_text_of_a_dropped_sentence_alone_is_taken_back() -> None:
    script: list[Move] = [*letters(draft((FIRST, ["p1"]), (INVENTED, ["p1"]), (FIRST, ["p1"]))), DONE]
    _, sink, _ = await streamed(script, release=ReleasePolicy(CONSISTENT, DROP), mode=StreamMode.PROVISIONAL)
    (taken_back,) = [each for each in sink.numbered if isinstance(each.event, Retraction)]
    before = [each for each in sink.numbered if each.sequence < taken_back.first_retracted]
    assert "".join(each.event.text for each in before if isinstance(each.event, TextDelta)) == FIRST
    assert sum(isinstance(each.event, Citation) for each in before) == 1


async def test_an_answer_of_which_nothing_is_left_fails_by_the_table() -> None:
    made = await path(
        [*draft((INVENTED, ["p1"])), DONE],
        release=ReleasePolicy(CONSISTENT, DROP),
        fallbacks={Cause.UNSUPPORTED: (Action.ABSTAIN,)},
    )
    outcome = await made.ask(None)
    assert isinstance(outcome.result, Abstained)
    assert outcome.cause is Cause.UNSUPPORTED


HELD: dict[str, dict[str, Any]] = {
    "verified or nothing": {
        "release": ReleasePolicy(VERIFIED, FAIL),
        "fallbacks": {Cause.NOT_VERIFIED: (Action.ABSTAIN,)},
    },
    "high confidence or nothing": {
        "allowed_confidence": frozenset({Confidence.HIGH}),
        "fallbacks": {Cause.CONFIDENCE_NOT_ALLOWED: (Action.ABSTAIN,)},
    },
}
CAPPED = "Their bodies hold an expression."


@pytest.mark.parametrize("case", HELD)
async def test_a_route_that_would_rather_abstain_holds_its_stream_until_that_is_known(case: str) -> None:
    outcome, sink, _ = await streamed([*draft((FIRST, ["p1"]), (CAPPED, ["p1"])), DONE], **HELD[case])
    assert isinstance(outcome.result, Abstained)
    assert deltas(sink) == []
    assert not any(isinstance(event, Citation) for event in sink.events)


@pytest.mark.parametrize("case", HELD)
async def test_what_was_held_leaves_at_the_end(case: str) -> None:
    outcome, sink, _ = await streamed([*draft((FIRST, ["p1"]), (SECOND, ["p1"])), DONE], **HELD[case])
    assert isinstance(outcome.result, Answered)
    assert deltas(sink) == [outcome.result.answer.text]
    assert tuple(event for event in sink.events if isinstance(event, Citation)) == outcome.result.answer.citations


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, False),
        ({"release": ReleasePolicy(VERIFIED, FAIL)}, False),
        (HELD["verified or nothing"], True),
        ({**HELD["verified or nothing"], "release": ReleasePolicy(VERIFIED, CAUTION)}, False),
        ({**HELD["verified or nothing"], "fallbacks": {Cause.NOT_VERIFIED: (Action.REPAIR, Action.ABSTAIN)}}, True),
        ({**HELD["verified or nothing"], "fallbacks": {Cause.NOT_VERIFIED: (Action.PASSAGES_ONLY,)}}, False),
        (
            {**HELD["verified or nothing"], "fallbacks": {Cause.NOT_VERIFIED: (Action.CACHED_ANSWER, Action.ABSTAIN)}},
            True,
        ),
        ({**HELD["verified or nothing"], "fallbacks": {Cause.NOT_VERIFIED: (Action.REVIEW, Action.FAIL_SAFE)}}, False),
        (
            {
                **HELD["verified or nothing"],
                "fallbacks": {Cause.NOT_VERIFIED: (Action.REVIEW, Action.FAIL_SAFE)},
                "review": ReviewPolicy(),
            },
            True,
        ),
        ({"allowed_confidence": frozenset({Confidence.HIGH})}, True),
        ({"allowed_confidence": frozenset(Confidence)}, False),
        ({"allowed_confidence": frozenset({Confidence.LOW})}, False),
        ({"min_confidence": Confidence.MEDIUM}, True),
    ],
)
def test_which_routes_hold_their_streams(changes: dict[str, Any], holds: bool) -> None:
    assert replace(policy(), **changes).holds_streams is holds


async def test_an_answer_of_which_the_service_is_not_sure_enough_does_not_leave() -> None:
    sure = {"min_confidence": Confidence.HIGH, "fallbacks": {Cause.CONFIDENCE_NOT_ALLOWED: (Action.ABSTAIN,)}}
    outcome, sink, _ = await streamed([*draft((FIRST, ["p1"]), (CAPPED, ["p1"])), DONE], **sure)
    assert (type(outcome.result), outcome.cause) == (Abstained, Cause.CONFIDENCE_NOT_ALLOWED)
    assert deltas(sink) == []


async def test_a_route_that_lets_the_beginning_stand_does_not_hold_it() -> None:
    outcome, sink, _ = await streamed(
        [*draft((FIRST, ["p1"]), (CAPPED, ["p1"])), DONE], release=ReleasePolicy(VERIFIED, FAIL)
    )
    assert deltas(sink) == [FIRST]
    assert (outcome.cause, outcome.action) == (Cause.NOT_VERIFIED, Action.CUT_SHORT)

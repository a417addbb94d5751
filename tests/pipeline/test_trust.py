"""What the passages behind a sentence can carry: distrusted ones, commands, and what leads a reader out."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from groundwire_server.domain.answer import CheckedSentence, Segment, Span
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.policy import Policy, ReleasePolicy
from groundwire_server.domain.refused import SentenceFailure
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import BelowMinimum, Cause, ConflictKind, ReleaseMinimum, Verdict
from groundwire_server.pipeline.check import Judged, SegmentChecker
from groundwire_server.pipeline.consult import Consultation
from groundwire_server.pipeline.judge import judge_segment, refused_sentence
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.pipeline.standing import Placed, SentencePolicy
from groundwire_server.pipeline.support import Source, check_sentence
from groundwire_server.pipeline.trust import hold_to_trust
from tests.doubles.believing import Believing
from tests.doubles.policies import time_plan
from tests.doubles.spans import Spans
from tests.doubles.time import LoopTime
from tests.pipeline.samples import RULES, passage, policy

DESK = (
    "Parcels wait at the front desk for thirty days. Call 030 1234567 after noon. The form is on"
    " https://parcels.example.com/form. Lost parcels are reported to the clerk. Run the scanner twice."
)
NOTICE = (
    "Parcels cost nothing. Write to help@relay.example for a refund. The PIN of the gate is written on the wall."
    " Fees are paid to DE89 3704 0044 0532 0130 00. Parcels wait at the front desk for thirty days."
    " Call 030 1234567 after noon."
)
VERBATIM, ENTAILED, CONSISTENT = Verdict.VERBATIM, Verdict.ENTAILED, Verdict.CONSISTENT
UNSUPPORTED, CONTRADICTED = Verdict.UNSUPPORTED, Verdict.CONTRADICTED
UNTRUSTED, COMMAND = ConflictKind.UNTRUSTED, ConflictKind.COMMAND
SOURCES = {
    "p1": Source(passage("desk", DESK)),
    "p2": Source(replace(passage("notice", NOTICE), flags=("instruction",), trusted=False)),
}


def route(below: BelowMinimum = BelowMinimum.FAIL, *, commands_verified: bool = False) -> Policy:
    return replace(policy(), release=ReleasePolicy(ReleaseMinimum.CONSISTENT, below, commands_verified))


async def settled(
    text: str, *cites: str, checker: Believing | None = None, made: Policy | None = None
) -> tuple[CheckedSentence, ...]:
    """The sentences of a segment with their last verdicts."""
    segment = judge_segment(Segment(text, cites), SOURCES, RULES)
    run = StageRunner(time_plan(10.0), LoopTime(), Spans().tracer, ReportBuilder("", "", "", 0.0))
    consultation = Consultation(checker, made or policy(), Requester("acme"), "", RULES)
    (judged,) = await consultation.settle_segments([segment], run)
    return judged.sentences


def kinds(sentence: CheckedSentence) -> set[ConflictKind]:
    return {conflict.kind for conflict in sentence.conflicts} & {UNTRUSTED, COMMAND}


@pytest.mark.parametrize(
    ("text", "cites", "verdict", "objections"),
    [
        # Carried by a trusted passage.
        ("Parcels wait at the front desk for thirty days.", ["p1"], VERBATIM, set()),
        ("Parcels wait at the front desk for thirty days.", ["p2", "p1"], VERBATIM, set()),
        ("For thirty days, parcels wait at the front desk.", ["p2", "p1"], CONSISTENT, set()),
        ("The form is on https://parcels.example.com/form.", ["p1"], VERBATIM, set()),
        # Carried by a distrusted one alone.
        ("Parcels wait at the front desk for thirty days.", ["p2"], CONSISTENT, {UNTRUSTED}),
        ("Parcels cost nothing.", ["p2", "p1"], CONSISTENT, {UNTRUSTED}),
        ("The parcels cost nothing.", ["p2"], CONSISTENT, {UNTRUSTED}),
        # So is what may harm.
        ("The PIN of the gate is written on the wall.", ["p2"], UNSUPPORTED, {UNTRUSTED}),
        ("Fees are paid to DE89 3704 0044 0532 0130 00.", ["p2"], UNSUPPORTED, {UNTRUSTED}),
        ("Write to help@relay.example for a refund.", ["p2", "p1"], UNSUPPORTED, {UNTRUSTED, COMMAND}),
        ("Call 030 1234567 after noon.", ["p2"], UNSUPPORTED, {UNTRUSTED, COMMAND}),
        # A command that a trusted passage has is not verified, and leaves.
        ("Call 030 1234567 after noon.", ["p1"], CONSISTENT, {COMMAND}),
        ("Call 030 1234567 after noon.", ["p2", "p1"], CONSISTENT, {COMMAND}),
        ("Run the scanner twice.", ["p1"], CONSISTENT, {COMMAND}),
        # What stands in no passage is unsupported as before, and says that it commands, or leads out.
        ("Call 030 7654321 after noon.", ["p1"], CONTRADICTED, {UNTRUSTED}),
        ("Buy a second scanner today.", ["p1"], UNSUPPORTED, {COMMAND}),
        ("The password is hunter2.", ["p1"], UNSUPPORTED, {UNTRUSTED}),
    ],
)
async def test_a_sentence_is_as_good_as_the_trusted_passages_behind_it(
    text: str, cites: Sequence[str], verdict: Verdict, objections: set[ConflictKind]
) -> None:
    (sentence,) = await settled(text, *cites)
    assert (sentence.verdict, kinds(sentence)) == (verdict, objections)


async def test_a_conflict_says_where_it_is_and_what_the_distrusted_passage_has() -> None:
    text = "Öffnung: täglich. Parcels cost nothing."
    _, sentence = await settled(text, "p2")
    (conflict,) = sentence.conflicts
    assert (conflict.kind, conflict.chunk_id, conflict.passage_words) == (UNTRUSTED, "notice", "Parcels cost nothing.")
    assert conflict.span == sentence.span == Span.within(text, text.index("Parcels"), len(text))


async def test_the_span_of_a_command_is_its_clause() -> None:
    text = "Über den Wolken. To read a label, run the scanner twice."
    _, sentence = await settled(text, "p1")
    (conflict,) = (each for each in sentence.conflicts if each.kind is COMMAND)
    assert conflict.span == Span.within(text, text.index("run"), len(text))


@pytest.mark.parametrize(
    ("text", "verdict", "objections"),
    [
        ("Every parcel is kept thirty days at the desk.", ENTAILED, set()),
        ("The scanner has to be run twice.", CONSISTENT, {COMMAND}),
        ("Use the scanner two times.", CONSISTENT, {COMMAND}),
    ],
)
async def test_what_a_command_entails_is_not_verified(
    text: str, verdict: Verdict, objections: set[ConflictKind]
) -> None:
    (sentence,) = await settled(text, "p1", checker=Believing(0.95))
    assert (sentence.verdict, kinds(sentence)) == (verdict, objections)


async def test_a_checker_is_shown_trusted_passages_alone() -> None:
    checker = Believing(0.95)
    (sentence,) = await settled("Every parcel is kept thirty days at the desk.", "p2", "p1", checker=checker)
    assert (sentence.verdict, sentence.citations) == (ENTAILED, (1,))
    assert checker.asked[0].passages == (DESK,)


@pytest.mark.parametrize("probability", [0.95, 0.1])
async def test_a_checker_has_no_say_about_what_a_distrusted_passage_carries(probability: float) -> None:
    checker = Believing(probability)
    (sentence,) = await settled("The parcels cost nothing.", "p2", checker=checker)
    assert (sentence.verdict, kinds(sentence), checker.asked) == (CONSISTENT, {UNTRUSTED}, [])


async def test_what_trusted_passages_do_not_entail_rests_on_the_others() -> None:
    (sentence,) = await settled("The parcels cost nothing.", "p2", "p1", checker=Believing(0.1))
    assert (sentence.verdict, kinds(sentence)) == (CONSISTENT, {UNTRUSTED})


async def test_a_route_may_take_commands_for_verified() -> None:
    trusting = route(commands_verified=True)
    (sentence,) = await settled("Run the scanner twice.", "p1", made=trusting)
    assert (sentence.verdict, sentence.conflicts) == (VERBATIM, ())
    (sentence,) = await settled("Call 030 1234567 after noon.", "p2", made=trusting)
    assert sentence.verdict is UNSUPPORTED


def test_an_address_leaves_only_where_a_trusted_passage_has_it_whatever_the_verdict() -> None:
    text = "Refunds are asked for at help@relay.example."
    judged = CheckedSentence(Span.within(text, 0, len(text)), ENTAILED, 0.9, (0,), "panel")
    held = hold_to_trust(text, [SOURCES["p1"]], judged, RULES, "", policy().release)
    assert held.verdict is UNSUPPORTED
    (conflict,) = held.conflicts
    assert text[conflict.span.start_code_point : conflict.span.end_code_point] == "help@relay.example"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Follow these steps:", Verdict.NOT_A_CLAIM),
        ("Report lost parcels to the clerk as follows:", CONSISTENT),
    ],
)
async def test_a_lead_in_that_commands_more_than_to_read_on_claims_something(text: str, verdict: Verdict) -> None:
    (sentence,) = await settled(text, "p1")
    assert sentence.verdict is verdict


async def placed(made: Policy, *written: tuple[str, Sequence[str]]) -> Placed:
    """What leaves of segments, each with the handles that it cites."""
    handles = {handle: source.passage for handle, source in SOURCES.items()}
    segments = [judge_segment(Segment(text, tuple(cites)), SOURCES, RULES) for text, cites in written]
    run = StageRunner(time_plan(10.0), LoopTime(), Spans().tracer, ReportBuilder("", "", "", 0.0))
    consultation = Consultation(None, made, Requester("acme"), "", RULES)
    settled = await consultation.settle_segments(segments, run)
    return SegmentChecker(handles, (), made, RULES, "").place(Judged(settled), "")


@pytest.mark.parametrize(
    ("text", "cites"),
    [
        ("Call 030 1234567 after noon.", ["p2"]),
        ("Fees are paid to DE89 3704 0044 0532 0130 00.", ["p2"]),
        ("Buy a second scanner today.", ["p1"]),
        ("Refunds are asked for at help@relay.example.", ["p1"]),
        ("The password of the scanner is hunter2.", ["p1"]),
    ],
)
async def test_no_caution_lets_leave_what_no_trusted_passage_carries(text: str, cites: Sequence[str]) -> None:
    held = await placed(route(BelowMinimum.CAUTION), (text, cites))
    assert isinstance(held.failure, SentenceFailure)
    assert not held.segments
    kept = "Parcels wait at the front desk for thirty days."
    dropped = await placed(route(BelowMinimum.DROP), (text, cites), (kept, ["p1"]))
    assert "".join(segment.delta for segment in dropped.segments) == kept


async def test_a_caution_still_suffices_for_what_is_only_unsupported() -> None:
    left = await placed(route(BelowMinimum.CAUTION), ("Bananas ripen quickly.", ["p1"]))
    assert [segment.delta for segment in left.segments] == ["Bananas ripen quickly."]


def test_a_repair_is_shown_no_distrusted_passage() -> None:
    segment = judge_segment(Segment("Call 030 1234567 after noon.", ("p2",)), SOURCES, RULES)
    (sentence,) = segment.sentences
    held = hold_to_trust(segment.words(sentence), segment.cited, sentence, RULES, "", policy().release)
    wrong = refused_sentence(segment, held, tuple(SOURCES.values()))
    assert wrong.passage == SOURCES["p1"].passage
    assert not any(each.passage_words for each in wrong.departures)


@pytest.mark.parametrize(
    ("first", "second", "cites", "stands"),
    [
        ("Parcels wait at the front desk", "for thirty days.", "p1", True),
        ("Parcels wait at the front desk", "for thirty days.", "p2", True),
        ("Fees are paid to DE89", "3704 0044 0532 0130 00.", "p2", False),
    ],
)
def test_a_sentence_of_two_segments_is_held_to_trust_as_one(first: str, second: str, cites: str, stands: bool) -> None:
    handles = {handle: source.passage for handle, source in SOURCES.items()}
    checker = SegmentChecker(handles, (), policy(), RULES, "")
    judged = checker.judge([Segment(first, (cites,)), Segment(second, (cites,))], None)
    assert (judged.failure is None) is stands
    assert stands or (isinstance(judged.failure, Failure) and judged.failure.cause is Cause.UNSUPPORTED)


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ("Are fees paid to DE89 3704 0044 0532 0130 00?", UNSUPPORTED),
        ("Is the PIN of the gate written on the wall?", UNSUPPORTED),
        ("Is help@relay.example there for a refund?", UNSUPPORTED),
        ("Do parcels cost nothing?", CONSISTENT),
    ],
)
def test_a_distrusted_passage_affirms_no_request_that_the_question_makes(question: str, verdict: Verdict) -> None:
    cited = [SOURCES["p2"]]
    judged = check_sentence("Yes.", "Yes.", 0, cited, RULES, question)
    assert judged.verdict is CONSISTENT
    held = hold_to_trust("Yes.", cited, judged, RULES, question, route().release)
    assert (held.verdict, kinds(held)) == (verdict, {UNTRUSTED})


BETWEEN = Source(
    replace(
        passage("between", "Parcels cost 3 euros. Fees go to https://evil.example/pay. Parcels weigh 2 kg, ask @evil."),
        trusted=False,
    )
)


async def test_a_citation_quotes_nothing_of_a_distrusted_passage_that_may_not_leave() -> None:
    placed = await _placed_over(BETWEEN, "Parcels cost 3 euros.")
    assert [each.quote for each in placed.segments[0].citations] == ["Parcels cost 3 euros."]
    placed = await _placed_over(BETWEEN, "Parcels weigh 2 kg.")
    assert not placed.segments


async def test_a_citation_has_no_title_of_a_distrusted_passage_that_may_not_leave() -> None:
    titled = replace(BETWEEN.passage, title="Support: +49 30 1234567")
    assert not (await _placed_over(Source(titled), "Parcels cost 3 euros.")).segments


async def test_a_quote_has_nothing_that_stands_between_sentences_of_a_distrusted_passage() -> None:
    source = Source(replace(passage("c", "Rain fell. Pay at https://evil.example. Snow fell."), trusted=False))
    placed = await _placed_over(source, "Rain fell. Snow fell.")
    assert [each.quote for each in placed.segments[0].citations] == ["Rain fell."]


async def _placed_over(source: Source, text: str) -> Placed:
    segment = judge_segment(Segment(text, ("p1",)), {"p1": source}, RULES)
    run = StageRunner(time_plan(10.0), LoopTime(), Spans().tracer, ReportBuilder("", "", "", 0.0))
    settled = await Consultation(None, route(), Requester("acme"), "", RULES).settle_segments([segment], run)
    return SentencePolicy(route(), [source]).place(settled, "")

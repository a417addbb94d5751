"""What a route's checker changes of the verdicts on what a model wrote."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from groundwire_server.domain.answer import Segment
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.policy import OVERRULABLE, CheckPolicy
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import ConflictKind, Purpose, Verdict
from groundwire_server.pipeline.consult import Consultation
from groundwire_server.pipeline.judge import JudgedSegment, judge_segment
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.pipeline.support import Source
from tests.doubles.believing import Believing
from tests.doubles.policies import time_plan
from tests.doubles.spans import Spans
from tests.doubles.time import LoopTime
from tests.pipeline.samples import RULES, passage, policy

SOURCES = {
    "p1": Source(passage("c1", "The archive keeps invoices for ten years. Nobody may take them home.")),
    "p2": Source(passage("c2", "The canteen opens at noon.")),
}
VERBATIM = Segment("The archive keeps invoices for ten years.", ("p1",))
RETOLD = Segment("Invoices stay in the archive for a decade.", ("p1",))
WRONG = Segment("The archive keeps invoices for five years.", ("p1",))


def consulting(checker: Believing | None, check: CheckPolicy) -> Consultation:
    return Consultation(checker, replace(policy(), check=check), Requester("acme"), "How long?", RULES)


async def settled(
    checker: Believing | None, *segments: Segment, overrule: frozenset[ConflictKind] = OVERRULABLE
) -> tuple[Sequence[JudgedSegment], ReportBuilder]:
    report = ReportBuilder("", "", "", 0.0)
    run = StageRunner(time_plan(10.0), LoopTime(), Spans().tracer, report)
    judged = [judge_segment(segment, SOURCES, RULES) for segment in segments]
    consultation = consulting(checker, CheckPolicy(0.5, 2.0, overrule))
    return await consultation.settle_segments(judged, run), report


def verdicts(segments: Sequence[JudgedSegment]) -> list[Verdict]:
    return [sentence.verdict for segment in segments for sentence in segment.sentences]


async def test_without_a_checker_the_rules_have_the_last_word() -> None:
    segments, _ = await settled(None, VERBATIM, RETOLD)
    assert verdicts(segments) == [Verdict.VERBATIM, Verdict.CONSISTENT]


async def test_all_sentences_but_verbatim_ones_are_asked_about_at_once_with_each_passage_once() -> None:
    checker = Believing(0.9, 0.9)
    noon = Segment("At noon the canteen opens its doors.", ("p2", "p1"))
    await settled(checker, VERBATIM, RETOLD, noon)
    (request,) = checker.asked
    assert request.requester.tenant == "acme"
    assert request.question == "How long?"
    assert [each.text for each in request.sentences] == [RETOLD.text, noon.text]
    assert request.passages == (SOURCES["p1"].passage.text, SOURCES["p2"].passage.text)
    assert [each.passages for each in request.sentences] == [(0,), (1, 0)]


async def test_a_checker_is_not_asked_where_nothing_is_open() -> None:
    checker = Believing()
    await settled(checker, VERBATIM)
    assert not checker.asked


@pytest.mark.parametrize(
    ("probability", "verdict", "named"),
    [
        (0.9, Verdict.ENTAILED, "panel"),
        (0.5, Verdict.CONSISTENT, "rules"),
        (None, Verdict.CONSISTENT, "rules"),
        (0.1, Verdict.UNSUPPORTED, "panel"),
    ],
)
async def test_a_probability_decides_about_what_no_rule_objects_to(
    probability: float | None, verdict: Verdict, named: str
) -> None:
    (segment,), report = await settled(Believing(probability), RETOLD)
    (sentence,) = segment.sentences
    assert (sentence.verdict, sentence.checker) == (verdict, named)
    if named == "panel":
        assert sentence.support == probability
    (consumed,) = report.build(1.0).usage
    assert (consumed.model, consumed.purpose, consumed.usage) == ("writer", Purpose.CHECK, Usage(7, 1))


async def test_a_conflict_of_a_number_stands_whatever_a_checker_says() -> None:
    (segment,), _ = await settled(Believing(1.0), WRONG)
    (sentence,) = segment.sentences
    assert sentence.verdict is Verdict.CONTRADICTED
    assert [conflict.kind for conflict in sentence.conflicts] == [ConflictKind.NUMBER]


async def test_a_conflict_that_was_overruled_is_shown_beside_the_verdict() -> None:
    opposite = Segment("The canteen closes at noon.", ("p2",))
    (segment,), _ = await settled(Believing(1.0), opposite)
    (sentence,) = segment.sentences
    assert sentence.verdict is Verdict.ENTAILED
    assert [conflict.kind for conflict in sentence.conflicts] == [ConflictKind.COMPARISON]
    (segment,), _ = await settled(Believing(1.0), opposite, overrule=frozenset())
    assert verdicts([segment]) == [Verdict.CONTRADICTED]


async def test_what_a_checker_entails_is_carried_by_all_that_it_was_shown() -> None:
    foreign = Segment("Rechnungen bleiben zehn Jahre lang im Archiv, und niemand nimmt sie mit.", ("p1", "p2"))
    (segment,), _ = await settled(Believing(0.95), foreign)
    (sentence,) = segment.sentences
    assert (sentence.verdict, sentence.citations, sentence.conflicts) == (Verdict.ENTAILED, (0, 1), ())


async def test_a_reply_of_another_length_leaves_what_the_rules_say() -> None:
    segments, _ = await settled(Believing(0.9, 0.9), RETOLD)
    assert verdicts(segments) == [Verdict.CONSISTENT]


@pytest.mark.parametrize(("sufficiency", "doubted"), [(0.2, True), (0.5, False), (None, False)])
async def test_a_checker_says_once_whether_the_passages_hold_the_answer(
    sufficiency: float | None, doubted: bool
) -> None:
    checker = Believing(sufficiency=sufficiency)
    checking = CheckPolicy(0.5, 2.0, OVERRULABLE, min_sufficiency=0.5)
    report = ReportBuilder("", "", "", 0.0)
    run = StageRunner(time_plan(10.0), LoopTime(), Spans().tracer, report)
    consultation = consulting(checker, checking)
    assert consultation.rates_sufficiency
    await consultation.rate_sufficiency([SOURCES["p1"].passage], run)
    assert checking.doubts(report.sufficiency) is doubted
    assert report.usage["writer", Purpose.CHECK] == Usage(7, 1)
    again = consulting(checker, checking)
    await again.rate_sufficiency([SOURCES["p2"].passage], run)
    asked = [(each.question, each.passages) for each in checker.asked_of_passages]
    first = ("How long?", (SOURCES["p1"].passage.text,))
    assert asked[0] == first
    assert len(asked) == (2 if sufficiency is None else 1), "what is known is not asked again"


@pytest.mark.parametrize(("checker", "minimum"), [(None, 0.5), (Believing(), None)])
def test_nobody_is_asked_about_passages_where_the_route_does_not_want_it(
    checker: Believing | None, minimum: float | None
) -> None:
    checking = CheckPolicy(0.5, 2.0, OVERRULABLE, min_sufficiency=minimum)
    assert not consulting(checker, checking).rates_sufficiency

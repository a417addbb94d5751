from dataclasses import replace

import pytest

from groundwire_server.domain.answer import CheckedSegment, GroundedText, Segment
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause, Confidence
from groundwire_server.pipeline.draft import DraftReader
from groundwire_server.pipeline.release import UnaryGate
from groundwire_server.pipeline.stage import ComputedStage
from groundwire_server.pipeline.support import Source
from groundwire_server.pipeline.validate import validate
from tests.pipeline.samples import check_segment, computing, passage, policy

SOURCES = {
    "p1": Source(passage("c1", "Lambda expressions create anonymous functions. They take 3 arguments.")),
    "p2": Source(passage("c2", "Generators yield values lazily.")),
}


def _checked(text: str, handle: str = "p1", before: str = "") -> CheckedSegment:
    return check_segment(Segment(text, (handle,)), before, SOURCES, policy())


FIRST = _checked("Lambda expressions create anonymous functions.")


async def _validated(
    *segments: CheckedSegment, confidence: Confidence | None = Confidence.HIGH, continued: int = 0
) -> GroundedText:
    gate, draft = UnaryGate(), DraftReader(1000)
    draft.confidence = confidence
    await gate.release(segments, None)
    stage: ComputedStage = computing()
    with stage:
        return validate(gate, draft, continued, policy(), stage)


async def test_an_answer_is_its_segments_and_its_score_weighs_sentences_by_length() -> None:
    second = _checked("Generators yield values.", "p2", FIRST.delta)
    second = replace(second, sentences=(replace(second.sentences[0], support=0.75),))
    answer = await _validated(FIRST, second)
    assert answer.text == "Lambda expressions create anonymous functions. Generators yield values."
    assert [citation.passage.chunk_id for citation in answer.citations] == ["c1", "c2"]
    assert answer.grounding_score == pytest.approx((46 * 1.0 + 24 * 0.75) / 70)


async def test_the_models_confidence_is_the_least_of_those_who_wrote_it() -> None:
    gate, draft = UnaryGate(), DraftReader(1000)
    await gate.release([FIRST], Confidence.MEDIUM)
    draft.confidence = Confidence.HIGH
    stage = computing()
    with stage:
        assert validate(gate, draft, 0, policy(), stage).model_confidence is Confidence.MEDIUM


FORGED = replace(FIRST, citations=(replace(FIRST.citations[0], quote="Lambdas are great."),))


@pytest.mark.parametrize(
    ("segments", "confidence", "continued", "cause"),
    [
        ((), Confidence.LOW, 0, Cause.MODEL_ABSTAINED),
        ((FIRST,), Confidence.LOW, 1, Cause.MODEL_ABSTAINED),
        ((FIRST,), Confidence.LOW, 0, Cause.CONFIDENCE_NOT_ALLOWED),
        ((FORGED,), Confidence.HIGH, 0, Cause.QUOTE_NOT_FOUND),
    ],
    ids=["no segments", "nothing added to what stands", "a confidence that the route refuses", "a forged quote"],
)
async def test_refuses_an_answer_that_does_not_stand(
    segments: tuple[CheckedSegment, ...], confidence: Confidence, continued: int, cause: Cause
) -> None:
    with pytest.raises(Failure) as caught:
        await _validated(*segments, confidence=confidence, continued=continued)
    assert caught.value.cause is cause


async def test_a_model_that_adds_nothing_says_that_nothing_is_missing() -> None:
    assert (await _validated(FIRST, continued=1)).text == FIRST.delta

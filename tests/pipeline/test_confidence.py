"""The service's own confidence: from verdicts, the question's premises, and the model's word."""

from dataclasses import replace

import pytest

from groundwire_server.domain.answer import CheckedSegment, CheckedSentence, Citation, GroundedText, Span
from groundwire_server.domain.evidence import Scores
from groundwire_server.domain.premises import Premises, compare
from groundwire_server.domain.vocabulary import Confidence, Verdict
from groundwire_server.pipeline.confidence import Grounds, estimate, level, rated
from tests.pipeline.samples import passage

QUESTION = "Who opened the great mill of Rovato in the valley?"
ANSWER = "Aldo opened the great mill of Rovato in the valley."


def grounds(
    question: str = QUESTION,
    *,
    verified: bool = True,
    unsupported: bool = False,
    similarity: float | None = 0.8,
    model: Confidence | None = Confidence.HIGH,
    insufficient: bool = False,
) -> Grounds:
    agreement = compare(Premises.of(question), [ANSWER], lambda: ANSWER)
    return Grounds(verified, unsupported, similarity, agreement, model, insufficient)


def shown(given: Grounds) -> Confidence:
    return level(given, estimate(given))


@pytest.mark.parametrize("similarity", [0.8, None], ids=["vectors", "words alone"])
def test_a_verified_answer_that_agrees_with_its_question_has_high_confidence(similarity: float | None) -> None:
    assert shown(grounds(similarity=similarity)) is Confidence.HIGH


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (grounds(verified=False), Confidence.MEDIUM),
        (grounds(model=Confidence.MEDIUM), Confidence.MEDIUM),
        (grounds(model=Confidence.LOW), Confidence.LOW),
        (grounds(unsupported=True), Confidence.LOW),
        (grounds(insufficient=True), Confidence.LOW),
        (grounds("Who opened the great mill of Milan in the valley?"), Confidence.MEDIUM),
        (grounds("Who did not open the great mill of Rovato in the valley?"), Confidence.LOW),
        (grounds("What colour are parcels on Sunday?", similarity=0.1, model=Confidence.MEDIUM), Confidence.LOW),
    ],
    ids=[
        "not verified",
        "the model's doubt",
        "its word LOW",
        "unsupported",
        "doubted passages",
        "another name",
        "denied",
        "unlike",
    ],
)
def test_what_lowers_confidence(given: Grounds, expected: Confidence) -> None:
    assert shown(given) is expected


def test_a_model_without_a_word_of_its_own_is_not_taken_for_a_sure_one() -> None:
    assert estimate(grounds(model=None)) < estimate(grounds(model=Confidence.HIGH))


def test_alike_passages_and_agreement_raise_the_estimate() -> None:
    assert estimate(grounds(similarity=0.3)) < estimate(grounds(similarity=0.8))
    assert estimate(grounds("Who sold the mill?")) < estimate(grounds("Who opened the mill?"))


def grounded(*verdicts: Verdict, cosine: float | None = 0.8, word: Confidence = Confidence.HIGH) -> GroundedText:
    cited = replace(passage("c1", ANSWER), scores=Scores(vector_similarity=cosine))
    whole = Span.within(ANSWER, 0, len(ANSWER))
    segment = CheckedSegment(
        ANSWER,
        whole,
        (Citation(cited, ANSWER, whole),),
        tuple(CheckedSentence(whole, verdict, 1.0, (0,), "rules") for verdict in verdicts),
    )
    return GroundedText.of([segment], word)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((Verdict.VERBATIM,), Confidence.HIGH),
        ((Verdict.VERBATIM, Verdict.NOT_A_CLAIM), Confidence.HIGH),
        ((Verdict.ENTAILED,), Confidence.HIGH),
        ((Verdict.CONSISTENT, Verdict.VERBATIM), Confidence.MEDIUM),
        ((Verdict.UNSUPPORTED,), Confidence.LOW),
        ((Verdict.CONTRADICTED, Verdict.VERBATIM), Confidence.LOW),
    ],
)
def test_the_weakest_verdict_of_an_answer_bounds_its_confidence(
    verdicts: tuple[Verdict, ...], expected: Confidence
) -> None:
    answer = rated(QUESTION, grounded(*verdicts))
    assert (answer.confidence, answer.model_confidence) == (expected, Confidence.HIGH)


@pytest.mark.parametrize("cosine", [0.8, None])
def test_an_answer_keeps_the_probability_that_its_level_was_read_from(cosine: float | None) -> None:
    answer = rated(QUESTION, grounded(Verdict.VERBATIM, cosine=cosine))
    assert answer.probability == estimate(grounds(similarity=cosine))


def test_before_it_is_rated_an_answer_has_no_confidence() -> None:
    assert grounded(Verdict.VERBATIM).confidence is None

from dataclasses import replace

import pytest

from groundwire_server.domain.answer import Segment
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause, Confidence
from groundwire_server.pipeline.draft import Written
from groundwire_server.pipeline.support import Source
from groundwire_server.pipeline.validate import check_answer, check_segment
from tests.pipeline.samples import passage, policy

PASSAGE = passage("c1", "Lambda expressions create anonymous functions. They take 3 arguments in Zürich. Nothing more.")
SOURCES = {"p1": Source(PASSAGE), "p2": Source(passage("c2", "Generators yield values lazily."))}


def _segment(text: str, *cites: str) -> Segment:
    return Segment(text, cites or ("p1",))


def test_a_supported_segment_carries_a_verbatim_quote_and_its_place() -> None:
    checked = check_segment(_segment("They take 3 arguments in Zürich."), "Überall gilt:", SOURCES, policy())
    assert checked.delta == " They take 3 arguments in Zürich."
    (citation,) = checked.citations
    assert citation.quote == "They take 3 arguments in Zürich."
    assert citation.quote in PASSAGE.text
    whole = "Überall gilt:" + checked.delta
    assert whole[citation.span.start_code_point : citation.span.end_code_point] == "They take 3 arguments in Zürich."
    assert (
        whole.encode()[citation.span.start_byte : citation.span.end_byte].decode() == "They take 3 arguments in Zürich."
    )


def test_every_sentence_has_a_support_of_its_own() -> None:
    checked = check_segment(
        _segment("Lambda expressions create anonymous functions. They take 3 arguments."), "", SOURCES, policy()
    )
    assert [sentence.support for sentence in checked.sentences] == [1.0, 1.0]
    assert checked.sentences[1].span.start_code_point == 47


@pytest.mark.parametrize(
    ("segment", "cause"),
    [
        (Segment("Lambda expressions create anonymous functions.", ()), Cause.CITATION_MISSING),
        (_segment("Lambda expressions create functions.", "p9"), Cause.CITATION_UNKNOWN),
        (_segment("Lambda expressions create functions.", "p1", "p9"), Cause.CITATION_UNKNOWN),
        (_segment("Bananas ripen quickly."), Cause.QUOTE_NOT_FOUND),
        (_segment("Lambda expressions create functions.", "p1", "p2"), Cause.QUOTE_NOT_FOUND),
        (_segment("Lambda calculus was invented by Alonzo Church at Princeton."), Cause.UNSUPPORTED),
        (
            _segment("Lambda expressions create anonymous functions. Church invented lambda calculus at Princeton."),
            Cause.UNSUPPORTED,
        ),
        (_segment("Lambda expressions create anonymous functions. " * 100), Cause.OUTPUT_TOO_LONG),
    ],
)
def test_refuses_a_segment_that_does_not_stand(segment: Segment, cause: Cause) -> None:
    with pytest.raises(Failure) as caught:
        check_segment(segment, "", SOURCES, policy())
    assert caught.value.cause is cause


def test_the_display_limit_counts_the_whole_answer() -> None:
    short = replace(policy(), display_limit=60)
    check_segment(_segment("Lambda expressions create anonymous functions."), "", SOURCES, short)
    with pytest.raises(Failure) as caught:
        check_segment(_segment("Lambda expressions create anonymous functions."), "x" * 20, SOURCES, short)
    assert caught.value.cause is Cause.OUTPUT_TOO_LONG


def test_an_answer_is_its_segments_and_its_score_weighs_sentences_by_length() -> None:
    first = check_segment(_segment("Lambda expressions create anonymous functions."), "", SOURCES, policy())
    second = check_segment(_segment("Generators yield 7 values.", "p2"), first.delta, SOURCES, policy())
    answer = check_answer(Written(Confidence.HIGH), (first, second), policy())
    assert answer.text == "Lambda expressions create anonymous functions. Generators yield 7 values."
    assert [citation.passage.chunk_id for citation in answer.citations] == ["c1", "c2"]
    assert answer.sentences[1].support == pytest.approx(3 / 4)
    assert answer.grounding_score == pytest.approx((46 * 1.0 + 26 * 0.75) / 72)


def test_an_answer_without_segments_is_an_abstention() -> None:
    with pytest.raises(Failure) as caught:
        check_answer(Written(Confidence.LOW), (), policy())
    assert caught.value.cause is Cause.MODEL_ABSTAINED


def test_refuses_a_confidence_that_the_route_does_not_allow() -> None:
    checked = check_segment(_segment("Lambda expressions create anonymous functions."), "", SOURCES, policy())
    with pytest.raises(Failure) as caught:
        check_answer(Written(Confidence.LOW), (checked,), policy())
    assert caught.value.cause is Cause.CONFIDENCE_NOT_ALLOWED


def test_a_quote_that_the_passage_does_not_hold_never_leaves() -> None:
    checked = check_segment(_segment("Lambda expressions create anonymous functions."), "", SOURCES, policy())
    forged = replace(checked, citations=(replace(checked.citations[0], quote="Lambdas are great."),))
    with pytest.raises(Failure) as caught:
        check_answer(Written(Confidence.HIGH), (forged,), policy())
    assert caught.value.cause is Cause.QUOTE_NOT_FOUND


def test_what_the_model_did_wrong_while_writing_is_judged_here() -> None:
    with pytest.raises(Failure) as caught:
        check_answer(Written(None, Failure(Cause.OUTPUT_MALFORMED)), (), policy())
    assert caught.value.cause is Cause.OUTPUT_MALFORMED

from dataclasses import replace

import pytest

from groundwire_server.domain.answer import Segment
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.policy import ReleasePolicy
from groundwire_server.domain.vocabulary import Assurance, BelowMinimum, Cause, ReleaseMinimum
from groundwire_server.pipeline.support import Source
from tests.pipeline.samples import check_segment, passage, policy

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
    first, second = checked.sentences
    assert first.support == 1.0 > second.support > 0.5
    assert checked.sentences[1].span.start_code_point == 47


@pytest.mark.parametrize(
    ("segment", "cause"),
    [
        (Segment("Bananas ripen quickly.", ()), Cause.CITATION_MISSING),
        (_segment("Lambda expressions create functions.", "p9"), Cause.CITATION_UNKNOWN),
        (_segment("Lambda expressions create functions.", "p1", "p9"), Cause.CITATION_UNKNOWN),
        (_segment("Bananas ripen quickly."), Cause.UNSUPPORTED),
        (_segment("Generators yield values lazily.", "p1"), Cause.UNSUPPORTED),
        (_segment("They take 4 arguments in Zürich."), Cause.CONTRADICTED),
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


def test_a_citation_that_carries_nothing_is_dropped_and_said_to_be() -> None:
    checked = check_segment(_segment("They take 3 arguments in Zürich.", "p2", "p1"), "", SOURCES, policy())
    assert [citation.passage.chunk_id for citation in checked.citations] == ["c1"]
    assert [citation.passage.chunk_id for citation in checked.dropped] == ["c2"]
    assert checked.sentences[0].citations == (0,)


def test_a_segment_without_a_citation_gets_the_one_passage_that_carries_it() -> None:
    checked = check_segment(Segment("Generators yield values lazily.", ()), "", SOURCES, policy())
    assert [(citation.passage.chunk_id, citation.added) for citation in checked.citations] == [("c2", True)]


def test_two_passages_that_carry_a_segment_leave_open_which_it_rests_on() -> None:
    twice = {**SOURCES, "p3": Source(passage("c3", "Generators yield values lazily."))}
    with pytest.raises(Failure) as caught:
        check_segment(Segment("Generators yield values lazily.", ()), "", twice, policy())
    assert caught.value.cause is Cause.CITATION_MISSING


def test_the_display_limit_counts_the_whole_answer() -> None:
    short = replace(policy(), display_limit=60)
    check_segment(_segment("Lambda expressions create anonymous functions."), "", SOURCES, short)
    with pytest.raises(Failure) as caught:
        check_segment(_segment("Lambda expressions create anonymous functions."), "x" * 20, SOURCES, short)
    assert caught.value.cause is Cause.OUTPUT_TOO_LONG


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ("Lambda expressions create anonymous functions.", True),
        ("Lambda expressions create functions.", False),
        ("Lambda expressions create anonymous functions. They take arguments.", False),
    ],
)
def test_a_route_may_let_verified_sentences_alone_leave(text: str, leaves: bool) -> None:
    demanding = replace(policy(), release=ReleasePolicy(ReleaseMinimum.VERIFIED, BelowMinimum.FAIL))
    check_segment(_segment(text), "", SOURCES, policy())
    if leaves:
        assert check_segment(_segment(text), "", SOURCES, demanding).assurance is Assurance.VERIFIED
        return
    with pytest.raises(Failure) as caught:
        check_segment(_segment(text), "", SOURCES, demanding)
    assert caught.value.cause is Cause.NOT_VERIFIED

"""Spans that every language can slice by, and verdicts that add up."""

import pytest

from groundwire_server.domain.answer import CheckedSegment, CheckedSentence, Citation, GroundedText, Span
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.vocabulary import Assurance, Confidence, Verdict

PLACE = Span.within("", 0, 0)


def sentence(verdict: Verdict, *citations: int) -> CheckedSentence:
    return CheckedSentence(PLACE, verdict, 1.0, citations, "coverage")


def segment(*verdicts: Verdict, cited: int = 1) -> CheckedSegment:
    citations = tuple(Citation(Passage(f"c{number}", "x"), "x", PLACE) for number in range(cited))
    return CheckedSegment("So.", PLACE, citations, tuple(sentence(verdict, *range(cited)) for verdict in verdicts))


def text(*verdicts: Verdict, confidence: Confidence | None = Confidence.HIGH) -> GroundedText:
    return GroundedText.of([segment(*verdicts)], confidence)


@pytest.mark.parametrize("before", ["", "plain ", "Zürich ", "日本 ", "🙂🙂 ", "e\u0301 🇨🇭 "])
@pytest.mark.parametrize("within", ["plain", "Zürich", "日本", "🙂", "👩\u200d👩\u200d👧"])
def test_a_span_slices_the_same_text_in_every_language(before: str, within: str) -> None:
    whole = f"{before}{within} and more 🙂"
    span = Span.within(whole, len(before), len(before) + len(within))
    assert whole[span.start_code_point : span.end_code_point] == within
    assert whole.encode()[span.start_byte : span.end_byte].decode() == within
    units = whole.encode("utf-16-le")
    assert units[2 * span.start_utf16_unit : 2 * span.end_utf16_unit].decode("utf-16-le") == within


@pytest.mark.parametrize(
    ("verdicts", "weakest", "verified"),
    [
        ((Verdict.VERBATIM,), Verdict.VERBATIM, True),
        ((Verdict.VERBATIM, Verdict.ENTAILED), Verdict.ENTAILED, True),
        ((Verdict.VERBATIM, Verdict.NOT_A_CLAIM), Verdict.VERBATIM, True),
        ((Verdict.NOT_A_CLAIM,), None, False),
        ((), None, False),
        ((Verdict.CONSISTENT, Verdict.VERBATIM), Verdict.CONSISTENT, False),
        ((Verdict.CONSISTENT, Verdict.UNSUPPORTED), Verdict.UNSUPPORTED, False),
        ((Verdict.CONTRADICTED, Verdict.UNSUPPORTED), Verdict.CONTRADICTED, False),
    ],
)
def test_a_text_is_as_good_as_its_weakest_claim(
    verdicts: tuple[Verdict, ...], weakest: Verdict | None, verified: bool
) -> None:
    assert (text(*verdicts).weakest_verdict, text(*verdicts).verified) == (weakest, verified)


def test_a_segment_is_verified_when_all_of_its_sentences_are() -> None:
    assert segment(Verdict.VERBATIM, Verdict.NOT_A_CLAIM).assurance is Assurance.VERIFIED
    assert segment(Verdict.VERBATIM, Verdict.CONSISTENT).assurance is Assurance.CHECKED


def test_sentences_of_several_segments_keep_their_own_citations() -> None:
    together = GroundedText.of(
        [segment(Verdict.VERBATIM, cited=2), segment(Verdict.VERBATIM, Verdict.CONSISTENT, cited=1)], None
    )
    assert [each.citations for each in together.sentences] == [(0, 1), (2,), (2,)]
    assert [citation.passage.chunk_id for citation in together.citations] == ["c0", "c1", "c0"]


@pytest.mark.parametrize("text", ["One. Two. Three.", "Eins, Grüße. 🙂 zwei. שלום. e\u0301."], ids=["ASCII", "other"])
def test_spans_that_are_counted_together_are_those_that_are_counted_alone(text: str) -> None:
    stretches = [(0, 4), (5, 9), (9, 9), (10, len(text))]
    assert list(Span.each_within(text, stretches)) == [Span.within(text, *stretch) for stretch in stretches]


def test_a_span_of_a_stretch_is_found_in_the_whole_text() -> None:
    text = "Grüße 🙂. Zürich ist groß."
    whole = Span.within(text, 9, len(text))
    assert Span.within(text[9:], 7, 10).moved(Span.within(text[9:], 0, 1), whole) == Span.within(text, 16, 19)

"""Whatever the texts are: nothing raises, spans lie within the statement, and what the passage says is not refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwire_server.domain.claims.alignment import align
from groundwire_server.domain.claims.evidence import EvidenceText, Unit
from groundwire_server.domain.claims.language import language
from groundwire_server.domain.claims.objections import objections
from groundwire_server.domain.claims.quantities import quantities
from groundwire_server.domain.claims.terms import places, terms
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.vocabulary import Verdict
from tests.domain.claims.judging import checked, firm_kinds
from tests.timed import least_time

WORDS = (
    "the of not no never all only most more less before after may must if unless by was is and Rollo Normans Rouen NATO"
    " 911 1,200 1.2k 50% $5 km 12 May 2024 3 pm half two hundred million a an first 15:30 v1.10.3 <= --flag can't"
    " 東京 人口 ไทย für nicht straße ² ½ − -5 \u0661 \ud800 | - : . ? ! \n \t \u00a0 ( ) [ ] * _ ` ’ ' \u200b"
).split(" ")
TEXTS = st.one_of(
    st.text(max_size=80),
    st.text(st.characters(), max_size=80),
    st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=12).map("".join),
)


@given(TEXTS, TEXTS, TEXTS)
@settings(max_examples=400, deadline=None)
def test_any_statement_gets_a_verdict_within_its_bounds(statement: str, passage: str, question: str) -> None:
    finding = checked(statement, passage, passage[::-1], question=question, title=question)
    assert isinstance(finding.verdict, Verdict)
    assert 0.0 <= finding.support <= 1.0
    assert set(finding.sources) <= {0, 1}
    for conflict in finding.conflicts:
        assert 0 <= conflict.start <= conflict.end <= len(statement)
        assert -1 <= conflict.source <= 1
        assert not conflict.words or conflict.words in (passage, passage[::-1])[conflict.source]


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_each_term_of_any_text_has_a_place_within_it(text: str) -> None:
    found, where = terms(text), places(text)
    assert len(found) == len(where)
    assert all(0 <= start < end <= len(text) for start, end in where)
    assert where == sorted(where)


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_quantities_of_any_text_lie_within_its_terms(text: str) -> None:
    cut = terms(text)
    assert all(0 <= each.start < each.end <= len(cut) for each in quantities(cut))


@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=10).map(" ".join), min_size=1, max_size=4))
@settings(max_examples=400, deadline=None)
def test_a_sentence_of_the_passage_has_no_firm_objection(said: list[str]) -> None:
    passage = ". ".join(said) + "."
    for start, end in sentences(passage):
        sentence = passage[start:end]
        if sentence.count("|") < 2:  # A row of a table is read with its header.
            assert firm_kinds(sentence, passage) == set()


@given(st.text(st.characters(categories=["Nd", "No", "Nl"]), min_size=1, max_size=8))
def test_digits_of_any_script_are_read(text: str) -> None:
    quantities(terms(text))


def test_numbers_of_any_length_are_read() -> None:
    for text in ("1" * 6000, "1," * 3000, "1.1" * 2000, "9" * 400 + " km", "1/" * 2000, "1-" * 2000):
        assert quantities(terms(text)) is not None


SIZES = (250, 1000)
GROWTH = 8.0
"""Times that four times as much text may take: linear work takes four, quadratic sixteen."""


def judged(statement: str, *passages: str) -> None:
    evidence = [EvidenceText(passage) for passage in passages]
    unit = Unit(statement)
    alignment = align(unit, evidence)
    objections(alignment, evidence, language(statement))
    checked(statement, *passages)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "passages"),
    [
        ("word word word.", lambda size: ["word " * 26 * size]),
        ("word " * 300, lambda size: ["word " * 26 * size]),
        ("not all 5 km before May", lambda size: ["not all 5 km before May " * 6 * size]),
        ("x1", lambda size: ["a1" * 64 * size]),
        (
            "The canal is long.",
            lambda size: [f"The canal {number} is {number} km long." for number in range(size // 5)],
        ),
        ("| a |", lambda size: ["| a | b |\n" * size]),
        ("word " * 800, lambda size: ["| " + "word " * 7 * size + "|"]),
        ("a b", lambda size: ["| " + "a" * 8 * size + " | b |\n|---|---|\n" + "| a | b |\n" * 2 * size]),
        ("word " * 800, lambda size: ["def f():\n" + "  call word word\n" * 2 * size]),
        ("- a", lambda size: ["so:\n" + "- a\n" * size]),
        ("東京", lambda size: ["東京" * 16 * size]),
    ],
    ids=[
        "one word",
        "one word in both",
        "words that decide",
        "no space",
        "many facts",
        "rows",
        "a long row",
        "a long header",
        "code",
        "items",
        "no spaces",
    ],
)
def test_time_grows_with_the_passages(statement: str, passages: "object") -> None:
    assert callable(passages)
    small, large = (passages(size) for size in SIZES)
    least = least_time(lambda: judged(statement, *small))
    assert least_time(lambda: judged(statement, *large), enough=0.25) < max(0.25, GROWTH * least)


@pytest.mark.slow
@pytest.mark.parametrize(
    "sentence",
    [
        lambda size: "word " * size,
        lambda size: "not 5 km all before May " * (size // 5),
        lambda size: " ".join(f"Name{number}" for number in range(size)),
        lambda size: "Roll" * size,
        lambda size: "1," * size,
        lambda size: "No " * size + "one.",
        lambda size: "東京" * size,
        lambda size: "[" * size,
        lambda size: "<a" * size,
        lambda size: "*_" * size,
    ],
    ids=["one word", "words that decide", "names", "no space", "digits", "negators", "no spaces", "[", "<", "*"],
)
def test_time_grows_with_the_sentence(sentence: "object") -> None:
    assert callable(sentence)
    passage = "Rollo led the Normans to Rouen in 911, not before May, and all of them stayed for 5 km. word word"
    small, large = (sentence(size) for size in (200, 800))
    least = least_time(lambda: judged(small, passage, small))
    assert least_time(lambda: judged(large, passage, large), enough=0.25) < max(0.25, GROWTH * least)

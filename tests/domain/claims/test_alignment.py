"""A statement is aligned with the sentences that it was made of."""

import pytest

from groundwire_server.domain.claims.alignment import TermPlace, align, longest_common, related
from groundwire_server.domain.claims.evidence import EvidenceText, Unit

PASSAGE = "Rollo led the Normans. They settled in Rouen in 911. The dukes built abbeys of pale stone."


def places(statement: str, *passages: str) -> dict[str, TermPlace]:
    unit = Unit(statement)
    alignment = align(unit, [EvidenceText(passage) for passage in passages])
    return {unit.terms[at].text: place for at, place in zip(unit.sig, alignment.places, strict=True)}


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("", "", []),
        ("abc", "", []),
        ("abc", "abc", [(0, 0), (1, 1), (2, 2)]),
        ("abcd", "xbyd", [(1, 1), (3, 3)]),
        ("ab", "ba", [(0, 1)]),
        ("aab", "ab", [(0, 0), (2, 1)]),
    ],
)
def test_longest_common_subsequences(one: str, other: str, common: list[tuple[int, int]]) -> None:
    found = longest_common(list(one), list(other))
    assert len(found) == len(common)
    assert all(one[a] == other[b] for a, b in found)
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("invent", "invention", True),
        ("rule", "rule", True),
        ("simplic", "simpl", True),
        ("cat", "category", False),
        ("german", "gardener", False),
        ("compute", "compare", False),
    ],
)
def test_words_of_one_root_are_related(one: str, other: str, *, expected: bool) -> None:
    assert related(one, other) is expected


def test_places_of_terms() -> None:
    found = places("In 911 the Normans settled in Rouen on barges with abbeys.", PASSAGE)
    assert found["Rouen"] is TermPlace.MATCHED
    assert found["settled"] is TermPlace.MATCHED
    assert found["911"] is TermPlace.MOVED
    assert found["barges"] is TermPlace.NOWHERE
    assert found["abbeys"] is TermPlace.ELSEWHERE


def test_a_statement_may_join_sentences_of_several_passages() -> None:
    evidence = [
        EvidenceText("The Marwell Canal opened in 1803."),
        EvidenceText("Volunteers began to restore it in 1971."),
    ]
    alignment = align(Unit("The Marwell Canal opened in 1803 and volunteers began to restore it in 1971."), evidence)
    assert sorted(alignment.sources) == [0, 1]
    assert set(alignment.places) == {TermPlace.MATCHED}


def test_a_passage_that_has_nothing_of_a_statement_is_no_source() -> None:
    evidence = [EvidenceText("Bread is baked daily."), EvidenceText("The Marwell Canal opened in 1803.")]
    assert align(Unit("The Marwell Canal opened in 1803."), evidence).sources == [1]


def test_nothing_is_aligned_with_nothing() -> None:
    alignment = align(Unit("Rollo led the Normans."), [])
    assert (alignment.units, alignment.sources) == ([], [])
    assert set(alignment.places) == {TermPlace.NOWHERE}


def test_a_gap_tells_what_stands_in_its_place() -> None:
    unit = Unit("Rollo led the Vikings.")
    alignment = align(unit, [EvidenceText(PASSAGE)])
    (gap,) = alignment.gaps
    assert gap.tight
    assert [alignment.given(gap.unit, index).text for index in range(gap.low, gap.high)] == ["Normans"]


@pytest.mark.parametrize(
    "statement", ["The lock is open.", "The lock is not open.", "Lund beats Sarn.", "Sarn beats Lund."]
)
def test_of_sentences_alike_the_statement_is_aligned_with_itself(statement: str) -> None:
    alignment = align(
        Unit(statement), [EvidenceText("The lock is open. The lock is not open. Lund beats Sarn. Sarn beats Lund.")]
    )
    assert [unit.text for unit in alignment.units] == [statement]

from dataclasses import replace

import pytest

from groundwire_server.domain.evidence import Evidence
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.pipeline.report import count_cut
from groundwire_server.pipeline.select import describe_selection, select
from groundwire_server.telemetry import names
from tests.doubles.tokens import QUARTERS
from tests.pipeline.samples import passage, policy


def _ids(evidence: Evidence, **changes: object) -> list[str]:
    return [p.chunk_id for p in select(evidence, replace(policy(), **changes), QUARTERS).passages]  # type: ignore[arg-type]


def test_drops_what_is_not_relevant_enough() -> None:
    evidence = Evidence(
        (passage("a", "one", relevance=0.7), passage("b", "two", relevance=0.69), passage("c", "three"))
    )
    assert _ids(evidence, min_relevance=0.7) == ["a", "c"]


def test_a_passage_without_a_rating_is_not_relevant() -> None:
    assert _ids(Evidence((passage("a", "one", relevance=None), passage("b", "two")))) == ["b"]


def test_drops_the_same_text_however_it_is_spaced_or_cased() -> None:
    assert _ids(Evidence((passage("a", "Same  text"), passage("b", "same text\n"), passage("c", "other")))) == [
        "a",
        "c",
    ]


def test_keeps_texts_that_differ_only_after_many_words() -> None:
    begin = "one two three four five six seven eight nine "
    evidence = Evidence(
        (passage("a", begin + "ten"), passage("b", begin + "eleven"), passage("c", begin.upper() + "TEN"))
    )
    assert _ids(evidence) == ["a", "b"]


def test_counts_what_is_left_out_because_a_better_one_says_it() -> None:
    said = "Parcels wait in the mail room until the end of the week."
    again = (passage("a", said), passage("b", f"**{said}**"), passage("c", said.replace("the end", "Friday")))
    selection = select(Evidence((*again, passage("d", said.upper(), relevance=0.0))), policy())
    assert [each.chunk_id for each in selection.passages] == ["a", "c"]
    assert selection.alike == 1
    assert describe_selection(selection, selection.passages) == {
        names.PASSAGES_CHOSEN: 2,
        names.BEST_RELEVANCE: 0.9,
        names.PASSAGES_ALIKE: 1,
    }


def test_keeps_only_the_highest_revision_of_a_document() -> None:
    old = passage("old", "the old text", document_id="d", revision=4)
    new = passage("new", "the new text", document_id="d", revision=5)
    assert _ids(Evidence((old, new))) == ["new"]


def test_fills_the_token_budget_best_first_and_passes_over_what_does_not_fit() -> None:
    evidence = Evidence((passage("a", "a" * 400), passage("b", "b" * 4000), passage("c", "c" * 400)))
    assert _ids(evidence, evidence_tokens=250) == ["a", "c"]


@pytest.mark.parametrize(
    ("evidence", "cause"),
    [
        (Evidence(), Cause.NO_EVIDENCE),
        (Evidence((passage("a", "one", relevance=0.01),)), Cause.INSUFFICIENT_EVIDENCE),
    ],
)
def test_says_why_nothing_is_left(evidence: Evidence, cause: Cause) -> None:
    with pytest.raises(Failure) as caught:
        select(evidence, policy())
    assert caught.value.cause is cause


FACTS = "".join(f"Fact {number} is known to all of us. " for number in range(500))


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        (FACTS, "Fact 0 is", "known to all of us."),
        ("Über uns. " * 900, "Über uns.", "Über uns."),
        (f"{FACTS[:890]}.\n\n```\n{FACTS}\n```", "Fact 0 is", "."),
    ],
    ids=["sentences", "umlauts", "between two blocks"],
)
def test_the_best_passage_is_cut_where_it_does_not_fit(text: str, begins: str, ends: str) -> None:
    found = Evidence((passage("a", text), passage("b", "B. " * 900), passage("c", "Short.")))
    first, *others = select(found, replace(policy(), evidence_tokens=251), QUARTERS).passages
    assert first.text.startswith(begins)
    assert first.text.endswith(ends)
    assert text.startswith(first.text)
    assert 700 <= len(first.text.encode()) <= 1004
    assert "b" not in [other.chunk_id for other in others]
    assert count_cut([first, *others], found.passages) == 1


def test_what_fits_is_not_cut() -> None:
    found = Evidence((passage("a", FACTS[:900]), passage("b", FACTS)))
    chosen = select(found, replace(policy(), evidence_tokens=250), QUARTERS).passages
    assert [each.text for each in chosen] == [FACTS[:900]]
    assert count_cut(chosen, found.passages) == 0


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("Fact " * 8000, 40),
        ("x" * 40_000, 200),
        ("包" * 40_000, 66),
    ],
    ids=["a sentence without an end", "a word without an end", "no words"],
)
def test_a_budget_without_room_for_a_sentence_is_filled_with_its_beginning(text: str, most: int) -> None:
    (only,) = select(Evidence((passage("a", text),)), replace(policy(), evidence_tokens=50), QUARTERS).passages
    assert text.startswith(only.text)
    shown = len(only.text.split()) if " " in text else len(only.text)
    assert 0.9 * most <= shown <= most


def test_no_more_is_selected_than_the_model_takes() -> None:
    found = Evidence(tuple(passage(name, f"{name} " * 100) for name in "abcdefgh"))
    small = replace(QUARTERS, window=512)
    chosen = select(found, replace(policy(), evidence_tokens=2000, output_tokens=300), small).passages
    assert [each.chunk_id for each in chosen] == ["a", "b", "c"]

from dataclasses import replace

import pytest

from groundwire_server.domain.evidence import Evidence
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.pipeline.select import describe_selection, select
from groundwire_server.telemetry import names
from tests.pipeline.samples import passage, policy


def _ids(evidence: Evidence, **changes: object) -> list[str]:
    return [p.chunk_id for p in select(evidence, replace(policy(), **changes)).passages]  # type: ignore[arg-type]


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
        (Evidence((passage("a", "x" * 40_000),)), Cause.PROMPT_TOO_LONG),
    ],
)
def test_says_why_nothing_is_left(evidence: Evidence, cause: Cause) -> None:
    with pytest.raises(Failure) as caught:
        select(evidence, policy())
    assert caught.value.cause is cause

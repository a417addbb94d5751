from dataclasses import replace

import pytest

from groundwire_server.domain.document import Place
from groundwire_server.domain.evidence import Passage, Scores
from groundwire_server.pipeline.relevance import relevance, rule

QUESTION = "Who led the Norman invasion of England?"
FULL = "Normans invaded England: an invasion led by William."
HALF = "The Norman invasion came from the sea."
NONE = "Parcels wait in the mail room."


def passage(text: str, cosine: float | None = None, **scores: float) -> Passage:
    return Passage("c", text, scores=Scores(vector_similarity=cosine, **scores))


@pytest.mark.parametrize("cosine", [None, 0.55], ids=["words alone", "vectors"])
def test_a_passage_with_more_of_the_questions_words_is_more_relevant(cosine: float | None) -> None:
    full, half, none = (relevance(QUESTION, [passage(text, cosine)])[0] for text in (FULL, HALF, NONE))
    assert 0.0 <= none < half < full <= 1.0
    assert none < 0.5
    assert full > 0.9


def test_a_passage_that_is_more_alike_is_more_relevant() -> None:
    low, high = (relevance(QUESTION, [passage(HALF, cosine)])[0] for cosine in (0.2, 0.6))
    assert low < 0.4
    assert high > 0.9


@pytest.mark.parametrize("cosine", [-1.0, -0.3, 0.0])
def test_a_negative_cosine_counts_as_none(cosine: float) -> None:
    assert relevance(QUESTION, [passage(HALF, cosine)]) == relevance(QUESTION, [passage(HALF, 0.0)])


def test_a_name_that_no_passage_holds_counts_against_all() -> None:
    without, with_name = "Who led the invasion of Wales?", "Who led the invasion of England?"
    found = [passage(FULL, 0.5), passage(HALF, 0.5)]
    assert max(relevance(without, found)) < max(relevance(with_name, found))


def test_a_vector_counts_as_far_as_the_embedder_knows_the_question() -> None:
    alike = [passage(NONE, 0.9)]
    whole, half, nothing = (relevance("🙂🙂🙂", alike, known)[0] for known in (1.0, 0.5, 0.0))
    assert whole > half > nothing
    assert nothing < 0.05


def test_without_vectors_of_its_own_a_question_is_rated_by_words() -> None:
    assert relevance(QUESTION, [passage(FULL, 0.1)], 0.0) == relevance(QUESTION, [passage(FULL)])


def test_what_an_engine_says_of_its_own_search_does_not_count() -> None:
    assert relevance("Norman", [passage("rain", keyword=40.0, fused=1.0)]) == relevance("Norman", [passage("rain")])


@pytest.mark.parametrize("question", ["", "Who is it?", "🙂", "?"])
def test_a_question_without_content_words_is_about_nothing(question: str) -> None:
    assert max(relevance(question, [passage(FULL), passage(NONE)])) < 0.1


def test_no_passages_have_no_ratings() -> None:
    assert relevance(QUESTION, []) == []


def test_the_rule_is_named_after_what_was_fitted() -> None:
    name, _, digest = rule().partition("@")
    assert name == "fitted"
    assert len(digest) == 12


def test_a_passage_with_the_version_that_is_asked_for_is_about_it() -> None:
    question = "What changed for colleagues in version 8.4.1?"
    asked, other = (relevance(question, [passage(f"{number} was released.", 0.2)])[0] for number in ("8.4.1", "8.4.10"))
    assert asked > 3 * other


def test_the_headings_above_a_passage_count_as_its_words() -> None:
    bare = passage("It came from the sea.", 0.4)
    placed = replace(bare, place=Place(("The Norman invasion of England",)))
    assert relevance(QUESTION, [placed])[0] > relevance(QUESTION, [bare])[0]

import pytest

from groundwire_server.domain.evidence import Passage, Scores
from groundwire_server.pipeline.relevance import relevance

QUESTION = "Who led the Norman invasion of England?"


def passage(text: str, cosine: float | None = None, **scores: float) -> Passage:
    return Passage("c", text, scores=Scores(vector_similarity=cosine, **scores))


def test_without_a_vector_it_is_the_share_of_the_questions_words() -> None:
    passages = [
        passage("Normans invaded: an invasion led by William."),
        passage("England has rain."),
        passage("Who of"),
    ]
    assert relevance(QUESTION, passages) == pytest.approx([0.75, 0.25, 0.0])


def test_both_measures_count() -> None:
    half = passage("The Norman invasion", 0.5)
    assert relevance(QUESTION, [half]) == pytest.approx([0.6 * 0.5 + 0.4 * 0.5])


def test_a_question_of_function_words_alone_is_rated_by_its_vector() -> None:
    assert relevance("Who is it?", [passage("x", 0.4), passage("x")]) == pytest.approx([0.4, 0.0])


@pytest.mark.parametrize(("cosine", "expected"), [(-0.3, 0.0), (1.000001, 0.6), (0.0, 0.0)])
def test_it_stays_within_0_and_1(cosine: float, expected: float) -> None:
    assert relevance("Norman", [passage("", cosine)]) == pytest.approx([expected])
    assert relevance("Norman", [passage("Norman", 1.000001)]) == [1.0]


def test_what_an_engine_says_of_its_own_search_does_not_count() -> None:
    assert relevance("Norman", [passage("rain", keyword=40.0, fused=1.0)]) == [0.0]


def test_no_passages_have_no_ratings() -> None:
    assert relevance(QUESTION, []) == []


def test_a_passage_is_rated_the_same_in_any_company() -> None:
    one, other = passage("Norman England", 0.3), passage("An invasion", 0.7)
    assert relevance(QUESTION, [one, other]) == relevance(QUESTION, [one]) + relevance(QUESTION, [other])

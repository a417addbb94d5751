"""The split of the evaluation's articles."""

import json

import pytest

from bench import split
from bench.split import DATA, SQUAD, Part, read_split

SPLIT = read_split()
PARAGRAPHS = {
    article["title"].replace("_", " "): [paragraph["context"] for paragraph in article["paragraphs"]]
    for article in json.loads(SQUAD.read_text(encoding="utf-8"))["data"]
}


def test_half_of_the_articles_may_be_fitted_on() -> None:
    parts = list(SPLIT.parts.values())
    assert (parts.count(Part.FITTED), parts.count(Part.REPORTED)) == (4, 4)
    assert SPLIT.parts.keys() == PARAGRAPHS.keys()
    assert read_split() == SPLIT


def test_every_passage_of_an_article_is_in_its_part() -> None:
    for title, texts in PARAGRAPHS.items():
        assert {SPLIT.article_of(text) for text in texts} == {title}
        assert {SPLIT.part_of(text) for text in texts} == {SPLIT.parts[title]}


@pytest.mark.parametrize("name", ["statements.json", "paraphrases.json"])
def test_every_passage_of_the_statements_is_of_an_article(name: str) -> None:
    passages = json.loads((DATA / name).read_text(encoding="utf-8"))["passages"].values()
    texts = [each if isinstance(each, str) else each["text"] for each in passages]
    assert [text for text in texts if not SPLIT.article_of(text)] == []


def test_nothing_is_fitted_on_other_texts() -> None:
    assert SPLIT.part_of("The pump is not rated for salt water.") is Part.REPORTED
    assert not SPLIT.may_fit("negation inserted", ["The pump is not rated for salt water."])


def test_a_statement_over_several_passages_is_reported_as_soon_as_one_is() -> None:
    fitted, reported = (
        next(PARAGRAPHS[title][0] for title, its in SPLIT.parts.items() if its is part) for part in Part
    )
    assert SPLIT.part_of_all([fitted, fitted]) is Part.FITTED
    assert SPLIT.part_of_all([fitted, reported]) is SPLIT.part_of_all([reported, fitted]) is Part.REPORTED


def test_kinds_that_are_held_out_are_never_fitted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = next(PARAGRAPHS[title][0] for title, part in SPLIT.parts.items() if part is Part.FITTED)
    assert SPLIT.may_fit("negation inserted", [fitted])
    monkeypatch.setattr(split, "HELD_OUT_KINDS", frozenset({"negation inserted"}))
    assert not SPLIT.may_fit("negation inserted", [fitted])
    assert SPLIT.may_fit("quantifier changed", [fitted])

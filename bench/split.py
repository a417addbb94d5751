"""Which articles the checker may be fitted on, and which it is reported on: the one place that says it.

The articles are those of bench/data/squad2-dev-8-articles.json. Nothing is fitted on passages of other texts.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

DATA = Path(__file__).parent / "data"
SQUAD = DATA / "squad2-dev-8-articles.json"
SEED = 1

HELD_OUT_KINDS: frozenset[str] = frozenset()
"""Kinds of statements that nothing is fitted on, not even on fitted articles."""


class Part(StrEnum):
    FITTED = "fitted"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Split:
    """The articles with their parts.

    Attributes:
        parts: of each article, by its title.
        articles: the title of the article that a paragraph is of, by the paragraph's text.
    """

    parts: Mapping[str, Part]
    articles: Mapping[str, str]

    def article_of(self, passage: str) -> str:
        """Return the title of a passage's article; empty for a passage of another text."""
        return self.articles.get(_spaced(passage), "")

    def part_of(self, passage: str) -> Part:
        """Return the part of a passage."""
        return self.parts.get(self.article_of(passage), Part.REPORTED)

    def part_of_all(self, passages: Sequence[str]) -> Part:
        """Return the part of a statement over several passages: reported as soon as one of them is."""
        return max((self.part_of(passage) for passage in passages), key=tuple(Part).index)

    def may_fit(self, kind: str, passages: Sequence[str]) -> bool:
        """Return whether a statement of this kind over these passages may be fitted on."""
        return kind not in HELD_OUT_KINDS and self.part_of_all(passages) is Part.FITTED


def read_split(squad: Path = SQUAD) -> Split:
    """Return the split: half of the articles, drawn by the seed, are fitted on."""
    read = json.loads(squad.read_text(encoding="utf-8"))["data"]
    titles = sorted(article["title"] for article in read)
    random.Random(SEED).shuffle(titles)
    drawn = titles[: len(titles) // 2]
    return Split(
        {title.replace("_", " "): Part.FITTED if title in drawn else Part.REPORTED for title in titles},
        {
            _spaced(paragraph["context"]): article["title"].replace("_", " ")
            for article in read
            for paragraph in article["paragraphs"]
        },
    )


def _spaced(text: str) -> str:
    return " ".join(text.split())

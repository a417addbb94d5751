"""Statements that the checker's classifier is fitted on: given ones, edited ones and reworded ones, with their weights.

Nothing here is of an article that bench/split.py keeps for reports, of technical.json or of odd-statements.json.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from bench.fitting.edits import EDITS
from bench.fitting.material import Material
from bench.fitting.rewordings import joined, one_clause, reworded, without_asides
from bench.split import DATA, SQUAD, Part, Split
from groundwire_server.domain.text.sentences import sentences

STATEMENTS, PARAPHRASES, DEVELOPMENT = (
    DATA / name for name in ("statements.json", "paraphrases.json", "development.json")
)
FILES = (STATEMENTS, PARAPHRASES, DEVELOPMENT, SQUAD)

QUESTION_AND_ANSWER = "true, question and answer as one statement"
_NEARLY_TRUE = ("plausible answer", "another answer")
"""Kinds that differ from true statements in nothing that can be seen without understanding them."""

_STATEMENTS_A_PARAGRAPH = 6
_EDITS_OF_A_REWORDING = 3
_TRIES_OF_EACH_EDIT = 2
_WORDS = range(6, 46)
_LEAST_WORDS = 4
_LONGEST_JOINED = 30


class Source(StrEnum):
    """Where a statement is from."""

    GIVEN = "given"
    PARAPHRASE = "paraphrase"
    PROGRAM = "program"
    DEVELOPMENT = "development"


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled statement.

    Attributes:
        passages: text and title of each.
        group: what is held out together in cross-validation: an article, or a passage of the development set.
        weight: how much it counts in fitting.
    """

    text: str
    passages: tuple[tuple[str, str], ...]
    supported: bool
    source: Source
    kind: str
    group: str
    weight: float


def read_rows(split: Split, seed: int) -> list[Row]:
    """Return all rows, the same for the same seed."""
    return [
        *_given(split),
        *_made_by_program(split, Random(seed)),
        *_paraphrases(split, Random(seed)),
        *_development(),
    ]


def _given(split: Split) -> Iterator[Row]:
    for text, passages, supported, kind in _read(STATEMENTS.read_text(encoding="utf-8")):
        if split.may_fit(kind, [passage for passage, _ in passages]):
            weight = 5.0 if kind == QUESTION_AND_ANSWER else 0.3 if kind.startswith(_NEARLY_TRUE) else 1.0
            yield Row(text, passages, supported, Source.GIVEN, kind, split.article_of(passages[0][0]), weight)


def _paraphrases(split: Split, chance: Random) -> Iterator[Row]:
    material = Material.of([text for texts in _fitted_paragraphs(split).values() for text in texts], chance)
    for text, passages, _, kind in _read(PARAPHRASES.read_text(encoding="utf-8")):
        texts = [passage for passage, _ in passages]
        if not split.may_fit(kind, texts):
            continue
        group = split.article_of(texts[0])
        yield Row(text, passages, supported=True, source=Source.PARAPHRASE, kind=kind, group=group, weight=6.0)
        for name, edit in EDITS.items():
            for _ in range(_TRIES_OF_EACH_EDIT):
                changed = edit(text, " ".join(texts), material)
                if changed and changed != text:
                    yield Row(changed, passages, False, Source.PARAPHRASE, name, group, 1.0)


def _development() -> Iterator[Row]:
    for text, passages, supported, kind in _read(DEVELOPMENT.read_text(encoding="utf-8")):
        weight = 9.0 if supported else 6.0
        yield Row(text, passages, supported, Source.DEVELOPMENT, kind, passages[0][0], weight)


def _made_by_program(split: Split, chance: Random) -> Iterator[Row]:
    articles = _fitted_paragraphs(split)
    material = Material.of([text for texts in articles.values() for text in texts], chance)
    for article, paragraphs in articles.items():
        for paragraph in paragraphs:
            yield from _about(paragraph, paragraphs, article, material)


def _about(paragraph: str, paragraphs: Sequence[str], article: str, material: Material) -> Iterator[Row]:
    """Yield rewordings of a paragraph's sentences, edits of these, and some cited to another paragraph."""
    own = _sentences(paragraph)
    if not own:
        return
    drawn = [_reworded(paragraph, own, paragraphs, material) for _ in range(_STATEMENTS_A_PARAGRAPH)]
    made = [each for each in drawn if each is not None and len(each[0].split()) >= _LEAST_WORDS]
    for text, cited in made:
        yield _program_row(text, cited, "reworded", article, supported=True)
        for name, changed in _edited(text, cited, material):
            yield _program_row(changed, cited, name, article, supported=False)
    for text, cited in made[:2]:
        other = material.chance.choice(paragraphs)
        if other not in cited:
            yield _program_row(text, (other,), "cited to another paragraph", article, supported=False)


def _reworded(
    paragraph: str, own: Sequence[str], paragraphs: Sequence[str], material: Material
) -> tuple[str, tuple[str, ...]] | None:
    """Return a sentence of a paragraph in other words, or two joined, also of two paragraphs; with what it cites."""
    chance = material.chance
    form = chance.random()
    if form < 0.75:
        return reworded(chance.choice(own), material), (paragraph,)
    if form < 0.9 and len(own) > 1:
        one, other = (one_clause(without_asides(each, material), material) for each in chance.sample(own, 2))
        return joined(one, other, material), (paragraph,)
    second = chance.choice(paragraphs)
    others = [each for each in _sentences(second) if len(each.split()) <= _LONGEST_JOINED]
    if second == paragraph or not others:
        return None
    one, other = (without_asides(chance.choice(each), material) for each in (own, others))
    return joined(one, other, material), (paragraph, second)


def _edited(text: str, cited: Sequence[str], material: Material) -> Iterator[tuple[str, str]]:
    """Yield up to three different edits of a statement, with their names."""
    left = _EDITS_OF_A_REWORDING
    for name in material.chance.sample(list(EDITS), len(EDITS)):
        changed = EDITS[name](text, " ".join(cited), material)
        if left and changed and changed != text and changed not in cited[0]:
            yield name, changed
            left -= 1


def _program_row(text: str, cited: Sequence[str], kind: str, article: str, *, supported: bool) -> Row:
    return Row(text, tuple((each, "") for each in cited), supported, Source.PROGRAM, kind, article, 1.0)


def _sentences(paragraph: str) -> list[str]:
    cut = [paragraph[start:end] for start, end in sentences(paragraph)]
    return [sentence for sentence in cut if len(sentence.split()) in _WORDS]


def _fitted_paragraphs(split: Split) -> Mapping[str, list[str]]:
    articles = json.loads(SQUAD.read_text(encoding="utf-8"))["data"]
    return {
        title: [paragraph["context"] for paragraph in article["paragraphs"]]
        for article in articles
        if split.parts[title := article["title"].replace("_", " ")] is Part.FITTED
    }


def _read(text: str) -> Iterator[tuple[str, tuple[tuple[str, str], ...], bool, str]]:
    """Yield the statements of a file: text, passages with titles, label and kind."""
    read = json.loads(text)
    passages = {
        name: (passage, "") if isinstance(passage, str) else (passage["text"], passage.get("title", ""))
        for name, passage in read["passages"].items()
    }
    for statement in read["statements"]:
        cited = statement.get("passages") or [statement["passage"]]
        yield statement["text"], tuple(passages[name] for name in cited), statement["supported"], statement["kind"]

"""Weighing how close the parts of passages are to a question."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from groundwire_server.adapters.generator.asked_for import AskedFor
from groundwire_server.adapters.generator.layout import Layout, Part, PartKind, asks
from groundwire_server.domain.claims.number_words import NUMBER_WORDS
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.numbered import holds, identifiers, is_of_another, numbered
from groundwire_server.domain.text.words import content_words, occurring

Floats = npt.NDArray[np.float64]

_LEAST_TITLE: Final = 2
"""Words of a heading that say more than what the whole document is about."""

_DEFINES: Final = re.compile(
    r"\s+(?:is|are|was|were|means?|refers?|provides?|stands?|defines?|describes?)\b|\s*[:–—=]|\s+-\s"
)
_ANSWER: Final = re.compile(r"\n(?:answer|solution|resolution|workaround)s?:?(?=\n|$)", re.IGNORECASE)
"""A heading that says only that an answer follows, among those above a part."""

_LEADING: Final = 80
"""Code points in which a definition names what it defines."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What makes a part close to a question.

    A part is a sentence, an item, a row, a block of code, or what leads to one: `adapters/generator/layout.py`. Its
    closeness is its cosine with the question plus the weighed share of the question's words that it holds, each word
    counting by how rare it is among the parts; its rank adds its passage's score.

    Attributes:
        own: of the words in the part itself.
        near: of the words in it and the parts beside it.
        around: of the words that only the headings and the lead-in above it have.
        code: of the words in a block of code; it is long, and most of its words are not about what it does.
        titled: added to a heading whose words are all in the question, and to one that is a question itself, as far as
            it is like what is asked.
        identified: added where the part or what stands above it has the identifiers of the question.
        form: added where the part has the form that is asked for: a definition, a way to do something, a quantity.
        found: in the rank, of the search's own score for its passage.
    """

    own: float = 0.7
    near: float = 0.3
    around: float = 0.3
    code: float = 0.5
    titled: float = 0.4
    identified: float = 0.4
    form: float = 0.2
    found: float = 0.2


@dataclass(frozen=True, slots=True)
class Weighed:
    """How close each part is to the question.

    Attributes:
        similarity: the best cosine of its sentences with the question; 0 without vectors.
        rare: the weighed share of the question's words in it.
        near: the same of it and the parts beside it.
        identified: the share of the question's identifiers in it and above it.
        closeness: all of it.
        order: the parts, the first in rank first.
        distinct: the items and rows that hold more of the question than all of their block do.
        held: the question's words in any part, or above it.
    """

    similarity: Floats
    rare: Floats
    near: Floats
    identified: Floats
    closeness: Floats
    order: Sequence[int]
    distinct: frozenset[int]
    held: frozenset[str]


def weigh(
    asked: AskedFor, layout: Layout, passages: Mapping[str, Passage], cosines: Floats | None, weights: Weights
) -> Weighed:
    """Return how close each part is to what is asked for.

    Args:
        asked: what is asked for.
        layout: has the parts.
        passages: by handle.
        cosines: between the question and each candidate; None without vectors.
        weights: what makes a part close.
    """
    words, parts = asked.words, layout.parts
    held = [occurring(words, part.text, asked.language) | _numbers_held(words, part) for part in parts]
    above = {context: occurring(words, context, asked.language) for context in {part.context for part in parts}}
    around = [own | above[part.context] for own, part in zip(held, parts, strict=True)]
    rarities = _rarities(words, held)
    rare, near = _shares(rarities, held), _shares(rarities, _with_neighbours(layout, held))
    of_code = [part.kind is PartKind.CODE for part in parts]
    rare = np.where(of_code, weights.code * rare, rare)
    similarity = np.array(
        [max((cosines[index] for index in part.candidates), default=0.0) for part in parts]
        if cosines is not None
        else [0.0] * len(held)
    )
    for index, asking in _answering(layout):
        # What answers a question is as close as the question that it answers.
        similarity[index] = max(similarity[index], similarity[asking].max())
        rare[index] = max(rare[index], rare[asking].max())
    closeness = (
        similarity + weights.own * rare + weights.near * near + weights.around * (_shares(rarities, around) - rare)
    )
    closeness = closeness + weights.titled * np.array(
        [_titled(asked, part, share) for part, share in zip(parts, np.maximum(similarity, rare), strict=True)]
    )
    identified = np.array([_identified(asked, part) for part in parts])
    closeness = closeness + weights.identified * identified
    if asked.defined or asked.way or asked.quantity:
        fitting = [_has_form(asked, index, layout) for index in range(len(parts))]
        closeness = closeness + weights.form * np.array(fitting)
    found = np.array([passages[part.handle].scores.fused or 0.0 for part in parts])
    order = [int(index) for index in np.argsort(-(closeness + weights.found * found), kind="stable")]
    common = {place: frozenset.intersection(*(held[each] for each in own)) for place, own in layout.of_block.items()}
    distinct = frozenset(index for index, part in enumerate(parts) if held[index] > common[part.handle, part.block])
    return Weighed(similarity, rare, near, identified, closeness, order, distinct, frozenset[str]().union(*around))


def others(asked: AskedFor, layout: Layout) -> frozenset[int]:
    """Return the parts that answer nothing where others do: questions, and door 7 where door 5 is asked for."""
    questions = frozenset(index for _, asking in _answering(layout) for index in asking)
    return questions | _of_another_number(asked, layout)


def _answering(layout: Layout) -> Iterator[tuple[int, Sequence[int]]]:
    """Yield each part under a heading such as "Answer", with the parts of the question above that heading."""
    of_context: dict[str, list[int]] = {}
    for index, part in enumerate(layout.parts):
        of_context.setdefault(part.context, []).append(index)
    for context, own in of_context.items():
        if heading := _ANSWER.search(context):
            asking = of_context.get(context[: heading.start()], ())
            yield from ((index, asking) for index in own if asking)


def _of_another_number(asked: AskedFor, layout: Layout) -> frozenset[int]:
    if not asked.numbered:
        return frozenset()
    said = [numbered(f"{part.context}\n{part.text}", asked.language) for part in layout.parts]
    if not any(holds(each, asked.numbered) for each in said):
        return frozenset()
    return frozenset(index for index, each in enumerate(said) if is_of_another(each, asked.numbered))


def _rarities(asked: frozenset[str], held: Sequence[frozenset[str]]) -> Mapping[str, float]:
    """How rare each of the question's words is among the parts, as a weight."""
    counts = Counter(word for words in held for word in words)
    size = len(held)
    return {word: math.log(1.0 + (size - counts[word] + 0.5) / (counts[word] + 0.5)) for word in asked}


def _shares(weights: Mapping[str, float], held: Sequence[frozenset[str]]) -> Floats:
    """The share of the question's words that each part holds, rare words counting more."""
    whole = sum(weights.values()) or 1.0
    return np.array([sum(weights[word] for word in sorted(words)) / whole for words in held])


def _with_neighbours(layout: Layout, held: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """What each part holds together with those beside it in its passage."""
    around: list[frozenset[str]] = []
    for index, part in enumerate(layout.parts):
        beside = [
            held[other]
            for other in (index - 1, index + 1)
            if 0 <= other < len(held) and layout.parts[other].handle == part.handle
        ]
        around.append(held[index].union(*beside))
    return around


def _numbers_held(asked: frozenset[str], part: Part) -> frozenset[str]:
    """The numbers that a question writes in words and a row of a table in digits."""
    if part.row is None:
        return frozenset()
    return frozenset(word for word in asked if f"{NUMBER_WORDS.get(word, math.nan):.0f}" in part.row.cells)


def _titled(asked: AskedFor, part: Part, alike: float) -> float:
    """How far a heading says what is asked: it is short, and its few words weigh less than they tell."""
    if part.kind is not PartKind.HEADING:
        return 0.0
    said = content_words(part.text)
    least = 1 if asked.defined and said <= asked.defined else _LEAST_TITLE
    if len(said) >= least and said <= asked.words:
        return alike
    return alike if asks(part.text) else 0.0


def _identified(asked: AskedFor, part: Part) -> float:
    """The share of the question's identifiers in a part and above it."""
    if not asked.identifiers:
        return 0.0
    return len(asked.identifiers & identifiers(f"{part.context}\n{part.text}")) / len(asked.identifiers)


def _has_form(asked: AskedFor, index: int, layout: Layout) -> bool:
    """Whether a part has the form of the answer."""
    part = layout.parts[index]
    if part.kind is PartKind.HEADING:
        return False
    if asked.quantity:
        return asked.quantity.search(part.text) is not None
    if asked.way:
        return part.kind is PartKind.LEAD and _leads_to_steps(index, layout)
    return _defines(asked, part)


def _leads_to_steps(index: int, layout: Layout) -> bool:
    _, following = next(layout.following(layout.parts[index]), (None, ()))
    return bool(following) and layout.parts[following[0]].kind in (PartKind.CODE, PartKind.ITEM)


def _defines(asked: AskedFor, part: Part) -> bool:
    """Whether a part begins with nothing but what is to be defined."""
    opening = part.text[:_LEADING]
    end = _DEFINES.search(opening)
    if end is None:
        return False
    named = content_words(opening[: end.start()], asked.language)
    return bool(named) and named <= asked.words and bool(named & asked.defined)

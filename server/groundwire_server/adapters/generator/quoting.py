"""Choosing what of passages answers a question, and estimating whether it does.

The estimate was fitted by `bench/fitting/quoting.py`; `docs/explanation/relevance.md` has its error rates.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from groundwire_server.adapters.generator.layout import Candidate, Layout, Part, PartKind
from groundwire_server.adapters.generator.quotation import continues, quoted_with, written
from groundwire_server.domain.claims.number_words import NUMBER_WORDS
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.numbered import Numbered, holds, is_of_another, numbered
from groundwire_server.domain.premises import AGREEMENT, Agreement, Premises, compare
from groundwire_server.domain.text.languages import Language
from groundwire_server.domain.text.words import content_words, language_of, occurring
from groundwire_server.domain.vocabulary import Confidence
from groundwire_server.files.fitted import Fitted, read_fitted

Floats = npt.NDArray[np.float64]

FEATURES: Final = ("similarity", "rare", "near", *AGREEMENT)
"""What the estimate is computed from: measures of the closest part, and how the answer agrees with the question.

`similarity`: the cosine of the closest part with the question, by its best sentence; 0 without vectors.
`rare`: the share of the question's content words that it holds, each counting by how rare it is among the parts.
`near`: the same of it and the parts beside it.
"""


_LEAST_TITLE: Final = 2
"""Words of a heading that say more than what the whole document is about."""

_BLOCK_CUT: Final = 0.7
"""The share of the best closeness below which no list, table or code is added to a quotation."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How the parts of passages are weighed and when they are enough.

    A part is a sentence, an item, a row, a block of code, or what leads to one: `adapters/generator/layout.py`. Its
    closeness is its cosine with the question plus the weighed share of the question's words that it holds, each word
    counting by how rare it is among the parts; its rank adds its passage's score. The strength of the best one, which
    decides whether there is an answer, is the estimated probability that it answers the question.

    Attributes:
        own: weight, in the closeness, of the words in the part itself.
        near: weight, in the closeness, of the words in it and the parts beside it.
        around: weight, in the closeness, of the words that only the headings and the lead-in above it have.
        code: of the words in a block of code; it is long, and most of its words are not about what it does.
        titled: added to the closeness of a heading whose words are all in the question.
        found: weight, in the rank, of the search's own score for its passage.
        most: quotations in an answer at most.
        longest: code points of an answer beyond which nothing is added to the closest quotation.
        cut: parts less close than this share of the best are left out.
        enough: the strength below which there is no answer; as fitted if None.
        sure: the strength from which confidence is high; as fitted if None.
        heed: whether an answer that contradicts what its question takes for granted is none.
    """

    own: float = 0.7
    near: float = 0.3
    around: float = 0.3
    code: float = 0.5
    titled: float = 0.3
    found: float = 0.2
    most: int = 4
    longest: int = 1200
    cut: float = 0.6
    enough: float | None = None
    sure: float | None = None
    heed: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What was chosen, each segment with the handles of the passages that hold it; none when there is no answer.

    Attributes:
        strength: of the best part, whether or not it is enough.
        features: from which the strength was computed; empty when nothing may answer.
        agreement: of what was chosen with the question; None when nothing may answer.
    """

    confidence: Confidence
    segments: tuple[tuple[str, tuple[str, ...]], ...]
    strength: float = 0.0
    features: tuple[float, ...] = ()
    agreement: Agreement | None = None


NO_ANSWER: Final = Answer(Confidence.LOW, ())


def choose(
    question: str,
    passages: Mapping[str, Passage],
    candidates: Sequence[Candidate],
    cosines: Floats | None,
    tuning: Tuning,
) -> Answer:
    """Return what answers a question best, unless it is not enough.

    Args:
        question: as it was asked.
        passages: by handle.
        candidates: their sentences.
        cosines: between the question and each candidate; None without vectors.
        tuning: weights and thresholds.
    """
    language = language_of(question)
    asked = content_words(question, language)
    layout = Layout.of(passages, candidates)
    weighed = _weigh(asked, language, layout, passages, cosines, tuning)
    chosen = _chosen(weighed, layout, asked, _others(layout, numbered(question, language), language), tuning)
    if not chosen:
        return NO_ANSWER
    best, quotations = chosen[0], _in_reading_order(chosen)
    agreement = compare(
        Premises.of(question),
        [said for each in quotations for said in _said(each, layout)],
        lambda: _sources(passages, [each.handle for each in quotations]),
    )
    features = (
        0.0 if cosines is None else float(weighed.similarity[best.closest]),
        float(weighed.rare[best.closest]),
        float(weighed.near[best.closest]),
        *agreement.features,
    )
    strength = _fitted().models[_estimate(vectors=cosines is not None)].probability(features)
    enough, sure = levels(tuning, vectors=cosines is not None)
    if strength < enough or (tuning.heed and agreement.contradicts):
        return Answer(Confidence.LOW, (), strength, features, agreement)
    confidence = Confidence.HIGH if strength >= sure else Confidence.MEDIUM
    return Answer(confidence, _segments(quotations, layout, passages), strength, features, agreement)


def levels(tuning: Tuning, *, vectors: bool) -> tuple[float, float]:
    """Return the strengths from which an answer is enough, and sure.

    Args:
        tuning: has them, or leaves them to what was fitted.
        vectors: whether sentences have cosines with the question.
    """
    thresholds, name = _fitted().thresholds, _estimate(vectors=vectors)
    return (
        thresholds[f"enough_{name}"] if tuning.enough is None else tuning.enough,
        thresholds[f"sure_{name}"] if tuning.sure is None else tuning.sure,
    )


def _estimate(*, vectors: bool) -> str:
    return "vectors" if vectors else "words"


@cache
def _fitted() -> Fitted:
    return read_fitted("groundwire_server.adapters.generator", "quoting.toml", FEATURES)


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


@dataclass(frozen=True, slots=True)
class _Weighed:
    """How close each part is to the question.

    Attributes:
        similarity: the best cosine of its sentences with the question; 0 without vectors.
        rare: the weighed share of the question's words in it.
        near: the same of it and the parts beside it.
        closeness: all of it.
        order: the parts, the first in rank first.
        distinct: the items and rows that hold more of the question than all of their block do.
    """

    similarity: Floats
    rare: Floats
    near: Floats
    closeness: Floats
    order: Sequence[int]
    distinct: frozenset[int]


def _weigh(
    asked: frozenset[str],
    language: Language,
    layout: Layout,
    passages: Mapping[str, Passage],
    cosines: Floats | None,
    tuning: Tuning,
) -> _Weighed:
    held = [occurring(asked, part.text, language) | _numbers_held(asked, part) for part in layout.parts]
    around = [held[index] | occurring(asked, part.context, language) for index, part in enumerate(layout.parts)]
    weights = _rarities(asked, held)
    rare, near = _shares(weights, held), _shares(weights, _with_neighbours(layout, held))
    of_code = [part.kind is PartKind.CODE for part in layout.parts]
    rare = np.where(of_code, tuning.code * rare, rare)
    similarity = np.array(
        [max((cosines[index] for index in part.candidates), default=0.0) for part in layout.parts]
        if cosines is not None
        else [0.0] * len(held)
    )
    closeness = similarity + tuning.own * rare + tuning.near * near + tuning.around * (_shares(weights, around) - rare)
    closeness = closeness + tuning.titled * np.array([_repeats(asked, part) for part in layout.parts])
    found = np.array([passages[part.handle].scores.fused or 0.0 for part in layout.parts])
    order = [int(index) for index in np.argsort(-(closeness + tuning.found * found), kind="stable")]
    common = {place: frozenset.intersection(*(held[each] for each in own)) for place, own in layout.of_block.items()}
    distinct = frozenset(
        index for index, part in enumerate(layout.parts) if held[index] > common[part.handle, part.block]
    )
    return _Weighed(similarity, rare, near, closeness, order, distinct)


def _others(layout: Layout, asked: Numbered, language: Language) -> frozenset[int]:
    """Return the parts about door 7 where door 5 is asked for, and some part is about it."""
    if not asked:
        return frozenset()
    said = [numbered(f"{part.context}\n{part.text}", language) for part in layout.parts]
    if not any(holds(each, asked) for each in said):
        return frozenset()
    return frozenset(index for index, each in enumerate(said) if is_of_another(each, asked))


def _numbers_held(asked: frozenset[str], part: Part) -> frozenset[str]:
    """The numbers that a question writes in words and a row of a table in digits."""
    if part.row is None:
        return frozenset()
    return frozenset(word for word in asked if f"{NUMBER_WORDS.get(word, math.nan):.0f}" in part.row.cells)


def _repeats(asked: frozenset[str], part: Part) -> bool:
    """Whether a heading says nothing but what is asked: it is short, and its few words weigh less than they tell."""
    said = content_words(part.text) if part.kind is PartKind.HEADING else frozenset[str]()
    return len(said) >= _LEAST_TITLE and said <= asked


@dataclass(frozen=True, slots=True)
class _Quotation:
    """Parts of one passage that are quoted together.

    Attributes:
        closest: the part that they are quoted for.
        handles: of the passages that have the same, the one that the parts are of first.
        parts: in the order of the text.
    """

    closest: int
    handles: tuple[str, ...]
    parts: Sequence[int]

    @property
    def handle(self) -> str:
        return self.handles[0]


def _chosen(
    weighed: _Weighed, layout: Layout, asked: frozenset[str], others: frozenset[int], tuning: Tuning
) -> list[_Quotation]:
    """Return what is quoted: what is closest to the question, and what is nearly as close, the closest first."""
    chosen: list[_Quotation] = []
    places: dict[tuple[str, ...], int] = {}
    taken: dict[int, int] = {}
    count = size = 0
    for index in weighed.order:
        if (chosen and weighed.closeness[index] < tuning.cut * weighed.closeness[chosen[0].closest]) or index in taken:
            continue
        parts = quoted_with(index, layout, asked, weighed.distinct)
        telling = [each for each in parts if not layout.parts[each].alone]
        if index in others or (telling and others.issuperset(telling)):
            continue
        fresh = [each for each in parts if each not in taken]
        if not fresh:
            continue
        handle = layout.parts[index].handle
        said = tuple(layout.parts[each].text for each in parts)
        same = places.get(said)
        if same is not None:
            handles = dict.fromkeys((*chosen[same].handles, handle))
            chosen[same] = replace(chosen[same], handles=tuple(handles))
            continue
        if chosen and len(parts) > 1 and weighed.closeness[index] < _BLOCK_CUT * weighed.closeness[chosen[0].closest]:
            continue
        length = sum(len(layout.parts[each].text) for each in fresh)
        if count == tuning.most or (chosen and size + length > tuning.longest):
            continue
        count, size = count + 1, size + length
        # An item may share its lead-in with one that was chosen before.
        place = next((taken[each] for each in parts if each in taken), len(chosen))
        if place < len(chosen):
            chosen[place] = replace(chosen[place], parts=sorted({*chosen[place].parts, *parts}))
        else:
            chosen.append(_Quotation(index, (handle,), parts))
            places[said] = place
        taken.update(dict.fromkeys(fresh, place))
    return chosen


def _in_reading_order(chosen: Sequence[_Quotation]) -> list[_Quotation]:
    """The passage of the closest first; within a passage in the order of its text."""
    handles = list(dict.fromkeys(each.handle for each in chosen))
    return sorted(chosen, key=lambda each: (handles.index(each.handle), each.parts[0]))


def _said(quotation: _Quotation, layout: Layout) -> list[str]:
    """Return what a quotation says, part by part, each with what leads to it."""
    parts = [layout.parts[index] for index in dict.fromkeys((quotation.closest, *quotation.parts))]
    headings = [part.context for part in parts if part.kind is PartKind.HEADING]
    leading = " ".join([*headings, *(part.text for part in parts if part.alone)])
    return [f"{leading} {part.text}" if leading else part.text for part in parts if not part.alone]


def _segments(
    quotations: Sequence[_Quotation], layout: Layout, passages: Mapping[str, Passage]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return quotations as segments of an answer: those that follow each other in their passage are one."""
    joined: list[_Quotation] = []
    for each in quotations:
        before = joined[-1] if joined else None
        if (
            before
            and before.handles == each.handles
            and before.parts[-1] + 1 == each.parts[0]
            and continues(layout.parts[before.parts[-1]], layout.parts[each.parts[0]])
        ):
            joined[-1] = replace(before, parts=[*before.parts, *each.parts])
        else:
            joined.append(each)
    return tuple(
        (written([layout.parts[index] for index in each.parts], layout, passages[each.handle].text), each.handles)
        for each in joined
    )


def _sources(passages: Mapping[str, Passage], handles: Iterable[str]) -> str:
    """The passages that some parts stand in, with their titles and headings, as one text."""
    cited = [passages[handle] for handle in dict.fromkeys(handles)]
    return "\n".join(f"{each.title}\n{'; '.join(each.place.section)}\n{each.text}" for each in cited)

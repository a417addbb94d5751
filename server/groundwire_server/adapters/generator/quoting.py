"""Choosing what of passages answers a question, and estimating whether it does.

The estimate was fitted by `bench/fitting/quoting.py`; `docs/explanation/relevance.md` has its error rates.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from groundwire_server.adapters.generator.asked_for import AskedFor
from groundwire_server.adapters.generator.layout import Candidate, Layout, PartKind
from groundwire_server.adapters.generator.quotation import continues, quoted_with, written
from groundwire_server.adapters.generator.weighing import Floats, Weighed, Weights, others, weigh
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.premises import AGREEMENT, Agreement, Premises, compare, nowhere
from groundwire_server.domain.subject import carrying, subjects
from groundwire_server.domain.text.words import occurring
from groundwire_server.domain.vocabulary import Confidence
from groundwire_server.files.fitted import Fitted, read_fitted

FEATURES: Final = ("similarity", "rare", "near", *AGREEMENT)
"""What the estimate is computed from: measures of the closest part, and how the answer agrees with the question.

`similarity`: the cosine of the closest part with the question, by its best sentence; 0 without vectors.
`rare`: the share of the question's content words that it holds, each counting by how rare it is among the parts.
`near`: the same of it and the parts beside it.
"""


_CAUTION: Final = 0.75
_CAUTION_OF_OTHERS: Final = 0.5
_CAUTION_OF_A_WAY: Final = 0.25
"""How far an answer must be from being enough to being sure: where a word of what the question is about is missing in
what was found, where another word is, and where it is asked how to do something."""

_SHARE_COUNTS: Final = 2.0
"""Every second word, of those that carry a question, counts as all of it."""

_IDENTIFIED: Final = 0.5
"""The share of `enough` that suffices where a quotation is about the version, or the like, that is asked for."""

_BLOCK_CUT: Final = 0.7
"""The share of the best closeness below which no list, table or code of another section is added to a quotation."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How the parts of passages are weighed and when they are enough.

    The strength of the closest part, which decides whether there is an answer, is the estimated probability that it
    answers the question.

    Attributes:
        weights: how close a part is to the question.
        most: quotations in an answer at most.
        longest: code points of an answer beyond which nothing is added to the closest quotation.
        cut: parts less close than this share of the best are left out.
        enough: the strength below which there is no answer; as fitted if None.
        sure: the strength from which confidence is high; as fitted if None.
        heed: whether an answer that contradicts what its question takes for granted is none, and one to a question
            with words that no document has must be surer.
    """

    weights: Weights = Weights()
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
    unknown: frozenset[str] | None = None,
) -> Answer:
    """Return what answers a question best, unless it is not enough.

    Args:
        question: as it was asked.
        passages: by handle.
        candidates: their sentences.
        cosines: between the question and each candidate; None without vectors.
        tuning: weights and thresholds.
        unknown: terms of the question that no document has; None where the store cannot tell.
    """
    asked = AskedFor.by(question)
    layout = Layout.of(passages, candidates)
    weighed = weigh(asked, layout, passages, cosines, tuning.weights)
    chosen = _chosen(weighed, layout, asked.words, others(asked, layout), tuning)
    if not chosen:
        return NO_ANSWER
    best, quotations = chosen[0], _in_reading_order(chosen)
    premises = Premises.of(question)
    agreement = compare(
        premises,
        [said for each in quotations for said in _said(each, layout, with_headings=bool(asked.identifiers))],
        lambda: " ".join(
            (_sources(passages, [each.handle for each in quotations]), *_pervading(premises.names, passages))
        ),
    )
    measures = (weighed.similarity, weighed.rare, weighed.near)
    measured = [best.closest, *best.parts]
    features = (*(float(measure[measured].max()) for measure in measures), *agreement.features)
    strength = _fitted().models[_estimate(vectors=cosines is not None)].probability(features)
    enough, sure = levels(tuning, vectors=cosines is not None)
    if tuning.heed:
        enough += _caution(question, asked, weighed.held, unknown, passages) * (sure - enough)
    if asked.identifiers and all(weighed.identified[each] == 1.0 for each in best.parts):
        enough *= _IDENTIFIED
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


def _caution(
    question: str,
    asked: AskedFor,
    held: frozenset[str],
    unknown: frozenset[str] | None,
    passages: Mapping[str, Passage],
) -> float:
    """Return how far an answer must be from being merely enough to being sure, 0 to 1.

    Who asks how to do something does what the answer says: it must be a little surer, and much where the passages lack
    a word of the question. To any other question it must be surer where no document has one; the more so, the greater
    part of the question that is, and where it stands for what the question is about. Where the store cannot tell, what
    no passage has counts as what no document has.
    """
    words = carrying(question)
    about = words if asked.way else subjects(question)
    strange = (about if asked.way or unknown is None else words & unknown) - held
    if strange:
        strange = nowhere(strange, _sources(passages, passages))
    if not strange:
        return _CAUTION_OF_A_WAY if asked.way else 0.0
    if asked.way:
        return _CAUTION
    share = min(1.0, _SHARE_COUNTS * len(strange) / len(words))
    return share * (_CAUTION if unknown is not None and strange & about else _CAUTION_OF_OTHERS)


def _estimate(*, vectors: bool) -> str:
    return "vectors" if vectors else "words"


@cache
def _fitted() -> Fitted:
    return read_fitted("groundwire_server.adapters.generator", "quoting.toml", FEATURES)


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
    weighed: Weighed, layout: Layout, asked: frozenset[str], others: frozenset[int], tuning: Tuning
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
        elsewhere = bool(chosen) and layout.parts[chosen[0].closest].context != layout.parts[index].context
        if (
            elsewhere
            and len(parts) > 1
            and weighed.closeness[index] < _BLOCK_CUT * weighed.closeness[chosen[0].closest]
        ):
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


def _said(quotation: _Quotation, layout: Layout, *, with_headings: bool) -> list[str]:
    """Return what a quotation says, part by part, each with what leads to it.

    Args:
        quotation: the parts.
        layout: has them.
        with_headings: whether the headings above it are among that; they are in any case where one of them is closest.
    """
    parts = [layout.parts[index] for index in dict.fromkeys((quotation.closest, *quotation.parts))]
    headings = dict.fromkeys(part.context for part in parts if with_headings or part.kind is PartKind.HEADING)
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


def _pervading(names: frozenset[str], passages: Mapping[str, Passage]) -> Iterable[str]:
    """Return the names that most documents have: what all is about need not be named by each passage."""
    if not names:
        return ()
    held = {(name, each.document_id) for each in passages.values() for name in occurring(names, each.text)}
    documents = len({each.document_id for each in passages.values()})
    counts = Counter(name for name, _ in held)
    return [name for name, count in counts.items() if documents > 1 and 2 * count > documents]


def _sources(passages: Mapping[str, Passage], handles: Iterable[str]) -> str:
    """The passages that some parts stand in, with their titles and headings, as one text."""
    cited = [passages[handle] for handle in dict.fromkeys(handles)]
    return "\n".join(f"{each.title}\n{'; '.join(each.place.section)}\n{each.text}" for each in cited)

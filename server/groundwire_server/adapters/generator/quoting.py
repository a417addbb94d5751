"""Choosing the sentences of passages that answer a question, and estimating whether they do.

The estimate was fitted by `bench/fitting/quoting.py`; `docs/explanation/relevance.md` has its error rates.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from groundwire_server.domain.document import Sentence
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.premises import AGREEMENT, Agreement, Premises, compare
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.text.words import content_words, language_of, occurring
from groundwire_server.domain.vocabulary import Confidence
from groundwire_server.files.fitted import Fitted, read_fitted

Floats = npt.NDArray[np.float64]

FEATURES: Final = ("similarity", "rare", "near", *AGREEMENT)
"""What the estimate is computed from: measures of the best sentence, and how the answer agrees with the question.

`similarity`: the sentence's cosine with the question; 0 without vectors.
`rare`: the share of the question's content words that it holds, each counting by how rare it is among the sentences.
`near`: the same of it and the sentences beside it.
"""

_BRACKETS = "\"'”’»)(][」』）"
_FULL_STOPS = tuple(".!…:;。！।॥")
"""What a heading does not end with."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How sentences are weighed and when they are enough.

    A sentence's closeness is its cosine with the question plus the weighed share of the question's words that it holds,
    each word counting by how rare it is among the sentences; its rank adds its passage's score. The strength of the
    best one, which decides whether there is an answer, is the estimated probability that it answers the question.

    Attributes:
        own: weight, in the closeness, of the words in the sentence itself.
        near: weight, in the closeness, of the words in it and the sentences beside it.
        found: weight, in the rank, of the search's own score for its passage.
        most: sentences in an answer at most.
        cut: sentences less close than this share of the best are left out.
        enough: the strength below which there is no answer; as fitted if None.
        sure: the strength from which confidence is high; as fitted if None.
        heed: whether an answer that contradicts what its question takes for granted is none.
    """

    own: float = 0.7
    near: float = 0.3
    found: float = 0.2
    most: int = 4
    cut: float = 0.6
    enough: float | None = None
    sure: float | None = None
    heed: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of the passage that has the handle."""

    handle: str
    text: str
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Answer:
    """The sentences that were chosen, each with the handles of the passages that hold it; none when there is no answer.

    Attributes:
        strength: of the best sentence, whether or not it is enough.
        features: from which the strength was computed; empty when no sentence may answer.
        agreement: of the chosen sentences with the question; None when no sentence may answer.
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
    """Return the sentences that answer a question best, unless they are not enough.

    Args:
        question: as it was asked.
        passages: by handle.
        candidates: their sentences.
        cosines: between the question and each candidate; None without vectors.
        tuning: weights and thresholds.
    """
    language = language_of(question)
    asked = content_words(question, language)
    held = [occurring(asked, candidate.text, language) for candidate in candidates]
    rare = _rare_shares(asked, held)
    near = _rare_shares(asked, _with_neighbours(candidates, held))
    found = np.array([passages[candidate.handle].scores.fused or 0.0 for candidate in candidates])
    closeness = tuning.own * rare + tuning.near * near
    if cosines is not None:
        closeness = closeness + cosines
    order = [int(index) for index in np.argsort(-(closeness + tuning.found * found), kind="stable")]
    best = next((index for index in order if _may_answer(candidates[index].text, asked)), None)
    if best is None:
        return NO_ANSWER
    chosen = _chosen(order, closeness, best, candidates, asked, tuning)
    segments = _in_reading_order(chosen, candidates)
    agreement = compare(
        Premises.of(question), [text for text, _ in segments], lambda: _sources(passages, (h for _, h in segments))
    )
    similarity = 0.0 if cosines is None else float(cosines[best])
    features = (similarity, float(rare[best]), float(near[best]), *agreement.features)
    strength = _fitted().models[_estimate(vectors=cosines is not None)].probability(features)
    enough, sure = levels(tuning, vectors=cosines is not None)
    if strength < enough or (tuning.heed and agreement.contradicts):
        return Answer(Confidence.LOW, (), strength, features, agreement)
    confidence = Confidence.HIGH if strength >= sure else Confidence.MEDIUM
    return Answer(confidence, segments, strength, features, agreement)


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


def _rare_shares(asked: frozenset[str], held: Sequence[frozenset[str]]) -> Floats:
    """The share of the question's words that each sentence holds, rare words counting more."""
    counts = Counter(word for words in held for word in words)
    size = len(held)
    weight = {word: math.log(1.0 + (size - counts[word] + 0.5) / (counts[word] + 0.5)) for word in asked}
    whole = sum(weight.values()) or 1.0
    return np.array([sum(weight[word] for word in sorted(words)) / whole for words in held])


def _with_neighbours(candidates: Sequence[Candidate], held: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """What each sentence holds together with those beside it in its passage."""
    around: list[frozenset[str]] = []
    for index, candidate in enumerate(candidates):
        beside = [
            held[other]
            for other in (index - 1, index + 1)
            if 0 <= other < len(candidates) and candidates[other].handle == candidate.handle
        ]
        around.append(held[index].union(*beside))
    return around


def _may_answer(text: str, asked: frozenset[str]) -> bool:
    """Whether a sentence can be an answer: no question, no heading that repeats the question, and words in it."""
    folded = _folded(text)
    ending = folded.rstrip(_BRACKETS)
    if ending.endswith(("?", "؟", "？")):
        return False
    if not all(content_words(folded[start:end]) for start, end in sentences(folded)):
        return False
    words = content_words(folded)
    return bool(words) and (ending.endswith(_FULL_STOPS) or not words <= asked)


def _chosen(
    order: Sequence[int],
    closeness: Floats,
    best: int,
    candidates: Sequence[Candidate],
    asked: frozenset[str],
    tuning: Tuning,
) -> dict[str, list[int]]:
    """Return the candidates to quote, by their text: the best and those that are nearly as close to the question."""
    chosen: dict[str, list[int]] = {}
    for index in order:
        if closeness[index] < tuning.cut * closeness[best]:
            continue
        text = _folded(candidates[index].text)
        if text in chosen:
            chosen[text].append(index)
        elif len(chosen) < tuning.most and _may_answer(candidates[index].text, asked):
            chosen[text] = [index]
    return chosen


def _sources(passages: Mapping[str, Passage], handles: Iterable[Sequence[str]]) -> str:
    """The passages that some sentences stand in, with their titles, as one text."""
    cited = dict.fromkeys(handle for each in handles for handle in each)
    return "\n".join(f"{passages[handle].title}\n{passages[handle].text}" for handle in cited)


def _in_reading_order(
    chosen: Mapping[str, Sequence[int]], candidates: Sequence[Candidate]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The passage of the best sentence first; within a passage in the order of its text."""
    passages = {candidates[indexes[0]].handle: None for indexes in chosen.values()}
    place = {handle: number for number, handle in enumerate(passages)}
    ordered = sorted(chosen.items(), key=lambda item: (place[candidates[item[1][0]].handle], item[1][0]))
    return tuple(
        (text, tuple(dict.fromkeys(candidates[index].handle for index in indexes))) for text, indexes in ordered
    )


def _folded(text: str) -> str:
    return " ".join(text.split())

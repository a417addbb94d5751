"""A generator without a model: it answers with the sentences of the passages that support an answer best.

What it says is verbatim, so that it is always grounded, though not always an answer. `bench/quality.py` measured the
weights and thresholds on SQuAD 2.0, with half of the questions to choose them and the other half to report.
"""

import asyncio
import json
import math
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from groundwire_server.domain.consumption import prompt_tokens
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Sentence
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest, Piece, Prompt, Usage
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.text.tokens import estimate_tokens
from groundwire_server.domain.text.words import content_words, occurring
from groundwire_server.domain.vocabulary import Cause, Confidence
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.sentence_vectors import SentenceVectors

_Floats = npt.NDArray[np.float64]

_BRACKETS = "\"'”’»)(][」』）"
_FULL_STOPS = tuple(".!…:;。！।॥")
"""What a heading does not end with."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How sentences are weighed and when they are enough.

    A sentence's rank is its cosine with the question plus the weighed share of the question's words that it holds, each
    word counting by how rare it is among the sentences. Its strength, which decides whether there is an answer, is
    comparable between questions: the cosine, and the plain share of the question's words.

    Attributes:
        own: weight, in the rank, of the words in the sentence itself.
        near: weight, in the rank, of the words in it and the sentences beside it.
        similarity: the cosine's share in the strength.
        most: sentences in an answer at most.
        cut: sentences ranked lower than this share of the best are left out.
        enough: the best sentence's strength below which there is no answer.
        sure: the strength from which confidence is high.
        enough_words: the same as `enough` where no vectors are.
        sure_words: the same as `sure` where no vectors are.
    """

    own: float = 0.7
    near: float = 0.3
    similarity: float = 0.7
    most: int = 3
    cut: float = 0.75
    enough: float = 0.43
    sure: float = 0.6
    enough_words: float = 0.35
    sure_words: float = 0.6


@dataclass(frozen=True, slots=True)
class Answer:
    """The sentences that were chosen, each with the handles of the passages that hold it; none when there is no answer.

    Attributes:
        strength: of the best sentence.
    """

    confidence: Confidence
    segments: tuple[tuple[str, tuple[str, ...]], ...]
    strength: float


class ExtractiveGenerator:
    """The Generator that quotes.

    Args:
        embedder: compares sentences with the question; without one words alone decide. It must be the one, in the same
            cache, that the question was embedded with for the search.
        stored: the vectors of sentences that were embedded when their document was stored. A passage without any is
            embedded on the spot.
        tuning: weights and thresholds.
    """

    def __init__(
        self, embedder: Embedder | None = None, stored: SentenceVectors | None = None, tuning: Tuning | None = None
    ) -> None:
        self._embedder = embedder
        self._stored = stored
        self._tuning = tuning or Tuning()

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Yield the opening, each sentence as it is, and the end."""
        prompt = request.prompt
        answer = await self.answer(prompt, request.tenant, deadline)
        input_tokens = prompt_tokens(prompt)
        written = 0
        for piece in _draft(answer):
            size = estimate_tokens(piece)
            if written + size > request.max_output_tokens:
                yield Finish(FinishReason.LENGTH, Usage(input_tokens, written, estimated=True))
                return
            written += size
            yield piece
        yield Finish(FinishReason.COMPLETE, Usage(input_tokens, written, estimated=True))

    async def answer(self, prompt: Prompt, tenant: str, deadline: Deadline) -> Answer:
        """Choose sentences.

        Raises:
            Failure: MODEL_TIMEOUT or MODEL_UNAVAILABLE, for what the embedder or the store could not do.
        """
        if not deadline.remaining(asyncio.get_running_loop().time()):
            raise Failure(Cause.MODEL_TIMEOUT)
        try:
            candidates = await self._candidates(prompt, tenant, deadline)
            cosines = await self._cosines(prompt.question, candidates, deadline)
        except Failure as failure:
            late = failure.cause is Cause.STORE_TIMEOUT or not deadline.remaining(asyncio.get_running_loop().time())
            raise Failure(Cause.MODEL_TIMEOUT if late else Cause.MODEL_UNAVAILABLE) from failure
        return _choose(prompt.question, candidates, cosines, self._tuning)

    async def _candidates(self, prompt: Prompt, tenant: str, deadline: Deadline) -> "list[_Candidate]":
        kept: Mapping[str, Sequence[Sentence]] = {}
        # A passage of the caller's own has no document: its chunk id is theirs and may be that of a stored chunk.
        wanted = [passage.chunk_id for passage in prompt.handles.values() if passage.document_id]
        if self._stored is not None and self._embedder is not None and wanted:
            kept = await self._stored.sentences(tenant, wanted, deadline)
        return [
            _Candidate(handle, passage.text[sentence.start : sentence.end], sentence)
            for handle, passage in prompt.handles.items()
            for sentence in self._sentences(passage, kept)
        ]

    def _sentences(self, passage: Passage, kept: Mapping[str, Sequence[Sentence]]) -> Sequence[Sentence]:
        found = kept.get(passage.chunk_id, ()) if passage.document_id else ()
        if found and all(0 <= sentence.start < sentence.end <= len(passage.text) for sentence in found):
            return found
        return [Sentence(start, end) for start, end in sentences(passage.text)]

    async def _cosines(self, question: str, candidates: "Sequence[_Candidate]", deadline: Deadline) -> "_Floats | None":
        if self._embedder is None or not candidates:
            return None
        size = self._embedder.dimensions
        (asked,) = await self._embedder.embed([question], deadline)
        vectors = [
            vector if (vector := candidate.sentence.vector) is not None and len(vector) == size else None
            for candidate in candidates
        ]
        missing = [index for index, vector in enumerate(vectors) if vector is None]
        if missing:
            fresh = await self._embedder.embed([candidates[index].text for index in missing], deadline)
            for index, vector in zip(missing, fresh, strict=True):
                vectors[index] = vector
        matrix = np.frombuffer(b"".join(vector.tobytes() for vector in vectors if vector is not None), np.float32)
        return np.asarray(matrix.reshape(-1, size) @ np.frombuffer(asked, np.float32), np.float64)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A sentence of the passage that has the handle."""

    handle: str
    text: str
    sentence: Sentence


def _choose(question: str, candidates: Sequence[_Candidate], cosines: _Floats | None, tuning: Tuning) -> Answer:
    asked = content_words(question)
    held = [occurring(asked, candidate.text) for candidate in candidates]
    shares = _rare_shares(asked, held)
    near = _rare_shares(asked, _with_neighbours(candidates, held))
    plain = np.array([len(words) / max(1, len(asked)) for words in held])
    ranks = tuning.own * shares + tuning.near * near
    strengths = plain
    if cosines is not None:
        ranks = ranks + cosines
        strengths = tuning.similarity * cosines + (1.0 - tuning.similarity) * plain
    enough, sure = (tuning.enough_words, tuning.sure_words) if cosines is None else (tuning.enough, tuning.sure)
    order = [int(index) for index in np.argsort(-ranks, kind="stable")]
    best = next((index for index in order if _may_answer(candidates[index].text, asked)), None)
    if best is None or strengths[best] < enough:
        return Answer(Confidence.LOW, (), 0.0 if best is None else float(strengths[best]))
    chosen: dict[str, list[int]] = {}
    for index in order:
        if ranks[index] < tuning.cut * ranks[best]:
            break
        text = _folded(candidates[index].text)
        if text in chosen:
            chosen[text].append(index)
        elif len(chosen) < tuning.most and _may_answer(candidates[index].text, asked):
            chosen[text] = [index]
    confidence = Confidence.HIGH if strengths[best] >= sure else Confidence.MEDIUM
    return Answer(confidence, _in_reading_order(chosen, candidates), float(strengths[best]))


def _rare_shares(asked: frozenset[str], held: Sequence[frozenset[str]]) -> _Floats:
    """The share of the question's words that each sentence holds, rare words counting more."""
    counts = Counter(word for words in held for word in words)
    size = len(held)
    weight = {word: math.log(1.0 + (size - counts[word] + 0.5) / (counts[word] + 0.5)) for word in asked}
    whole = sum(weight.values()) or 1.0
    return np.array([sum(weight[word] for word in sorted(words)) / whole for words in held])


def _with_neighbours(candidates: Sequence[_Candidate], held: Sequence[frozenset[str]]) -> list[frozenset[str]]:
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


def _in_reading_order(
    chosen: Mapping[str, Sequence[int]], candidates: Sequence[_Candidate]
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


def _draft(answer: Answer) -> list[str]:
    opening = f'{{"confidence": "{answer.confidence.lower()}", "segments": ['
    segments = [json.dumps({"text": text, "cites": list(cites)}, ensure_ascii=False) for text, cites in answer.segments]
    return [opening, *(("" if not index else ", ") + text for index, text in enumerate(segments)), "]}"]

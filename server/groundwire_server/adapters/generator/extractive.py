"""A generator without a model: it answers with the sentences of the passages that support an answer best.

What it says is verbatim, so that it is always grounded, though not always an answer.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from groundwire_server.adapters.generator.layout import Candidate
from groundwire_server.adapters.generator.quoting import Answer, Tuning, choose
from groundwire_server.adapters.generator.weighing import Floats
from groundwire_server.domain.answer import stands_apart
from groundwire_server.domain.consumption import prompt_tokens
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Sentence
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest, Piece, Prompt, Usage
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.text.tokens import estimate_tokens
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.sentence_vectors import SentenceVectors

_OF_THE_STORE: Final = frozenset({Cause.STORE_UNAVAILABLE, Cause.STORE_TIMEOUT, Cause.STORE_MISCONFIGURED})


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
        answer = await self.answer(prompt, request.requester, deadline)
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

    async def answer(self, prompt: Prompt, requester: Requester, deadline: Deadline) -> Answer:
        """Choose sentences: of passages that a guard distrusts only where no other one answers.

        Raises:
            Failure: MODEL_TIMEOUT or MODEL_UNAVAILABLE of the embedder; of the store, whatever it is.
        """
        trusted = {handle: passage for handle, passage in prompt.handles.items() if passage.trusted}
        if len(trusted) < len(prompt.handles):
            answer = await self._answer(replace(prompt, handles=trusted), requester, deadline)
            if answer.segments:
                return answer
        return await self._answer(prompt, requester, deadline)

    async def _answer(self, prompt: Prompt, requester: Requester, deadline: Deadline) -> Answer:
        if not deadline.remaining(asyncio.get_running_loop().time()):
            raise Failure(Cause.MODEL_TIMEOUT)
        try:
            candidates = await self._candidates(prompt, requester.tenant, deadline)
            cosines = await self._cosines(prompt.question, candidates, requester, deadline)
        except Failure as failure:
            if failure.cause in _OF_THE_STORE:
                raise
            late = not deadline.remaining(asyncio.get_running_loop().time())
            raise Failure(Cause.MODEL_TIMEOUT if late else Cause.MODEL_UNAVAILABLE) from failure
        return choose(prompt.question, prompt.handles, candidates, cosines, self._tuning, prompt.unknown)

    async def _candidates(self, prompt: Prompt, tenant: str, deadline: Deadline) -> list[Candidate]:
        kept: Mapping[str, Sequence[Sentence]] = {}
        # A passage of the caller's own has no document: its chunk id is theirs and may be that of a stored chunk.
        wanted = [passage.chunk_id for passage in prompt.handles.values() if passage.document_id]
        if self._stored is not None and self._embedder is not None and wanted:
            kept = await self._stored.sentences(tenant, wanted, deadline)
        return [
            Candidate(handle, passage.text[sentence.start : sentence.end], sentence)
            for handle, passage in prompt.handles.items()
            for sentence in self._sentences(passage, kept)
        ]

    def _sentences(self, passage: Passage, kept: Mapping[str, Sequence[Sentence]]) -> Sequence[Sentence]:
        found = kept.get(passage.chunk_id, ()) if passage.document_id else ()
        if found and all(0 <= sentence.start < sentence.end <= len(passage.text) for sentence in found):
            return found
        return [Sentence(start, end) for start, end in sentences(passage.text)]

    async def _cosines(
        self, question: str, candidates: Sequence[Candidate], requester: Requester, deadline: Deadline
    ) -> Floats | None:
        known = self._embedder.known(question) if self._embedder is not None and candidates else 0.0
        if self._embedder is None or not known:
            return None
        size = self._embedder.dimensions
        (asked,) = await self._embedder.embed([question], deadline, requester)
        vectors = [
            vector if (vector := candidate.sentence.vector) is not None and len(vector) == size else None
            for candidate in candidates
        ]
        missing = [index for index, vector in enumerate(vectors) if vector is None]
        if missing:
            fresh = await self._embedder.embed([candidates[index].text for index in missing], deadline, requester)
            for index, vector in zip(missing, fresh, strict=True):
                vectors[index] = vector
        matrix = np.frombuffer(b"".join(vector.tobytes() for vector in vectors if vector is not None), np.float32)
        return known * np.asarray(matrix.reshape(-1, size) @ np.frombuffer(asked, np.float32), np.float64)


def _draft(answer: Answer) -> list[str]:
    opening = f'{{"confidence": "{answer.confidence.lower()}", "segments": ['
    segments = [
        # What is more than a sentence begins a paragraph of its own.
        json.dumps({"text": f"\n\n{text}" if stands_apart(text) else text, "cites": list(cites)}, ensure_ascii=False)
        for text, cites in answer.segments
    ]
    return [opening, *(("" if not index else ", ") + text for index, text in enumerate(segments)), "]}"]

"""The quoting model's answers to the questions of the large corpus, as the pipeline would ask for them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.fitting.cases import Case, Kind, cases
from bench.split import Part
from groundwire_server.adapters.generator.layout import Candidate
from groundwire_server.adapters.generator.quoting import NO_ANSWER, Answer, Tuning, choose
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.domain.document import Sentence
from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.pipeline.relevance import relevance
from groundwire_server.pipeline.select import select

UNBOUND = Tuning(enough=-1.0, sure=2.0, heed=False)
"""Answers wherever a sentence may be one."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A question with the quoting model's answer.

    Attributes:
        passages: that were shown to the model, by handle.
    """

    case: Case
    passages: dict[str, Passage]
    answer: Answer

    @property
    def answered(self) -> bool:
        return bool(self.answer.segments)

    @property
    def right(self) -> bool:
        """Whether the answer holds what was expected; an answer to a question without one is never right."""
        return self.of(Kind.ANSWERABLE) and self.case.question.holds(
            "\n".join(text for text, _ in self.answer.segments)
        )

    def of(self, kind: Kind) -> bool:
        return self.case.question.kind is kind


def quoted(part: Part, folder: Path, tuning: Tuning, *, vectors: bool) -> list[Quoted]:
    """Return the answers to the questions of a part of the split."""
    policy = load(Sources()).configuration.routes["default"].policy("default")
    found = (case for case in cases(part, vectors=vectors, folder=folder) if not case.paragraphs)
    return [_quoted(case, policy, tuning) for case in found]


def _quoted(case: Case, policy: Policy, tuning: Tuning) -> Quoted:
    try:
        chosen = select(Evidence(_rated(case)), policy).passages
    except Failure:
        return Quoted(case, {}, NO_ANSWER)
    handles = {f"p{number}": passage for number, passage in enumerate(chosen, 1)}
    candidates = [
        Candidate(handle, passage.text[sentence.start : sentence.end], sentence)
        for handle, passage in handles.items()
        for sentence in _sentences(case, passage)
    ]
    cosines = None
    if case.vector is not None:
        rows = [np.frombuffer(each.sentence.vector or b"", np.float32) for each in candidates]
        cosines = np.asarray(np.vstack(rows) @ np.frombuffer(case.vector, np.float32), np.float64)
    return Quoted(case, handles, choose(case.question.text, handles, candidates, cosines, tuning, case.unknown))


def _rated(case: Case) -> tuple[Passage, ...]:
    ratings = relevance(case.question.text, case.passages)
    rated = zip(case.passages, ratings, strict=True)
    return tuple(replace(passage, scores=replace(passage.scores, relevance=each)) for passage, each in rated)


def _sentences(case: Case, passage: Passage) -> Sequence[Sentence]:
    stored = case.sentences.get(passage.chunk_id, ())
    return stored or [Sentence(start, end) for start, end in sentences(passage.text)]

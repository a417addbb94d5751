"""The service's own confidence in an answer: the estimated probability that it answers the question rightly.

Fitted by `bench/fitting/confidence.py` over the answers of the quoting model, to questions that the documents answer
and to others that only look so; `docs/explanation/confidence.md` shows how well it holds.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.premises import AGREEMENT, Agreement, Premises, compare
from groundwire_server.domain.vocabulary import Confidence, Verdict
from groundwire_server.files.fitted import Fitted, read_fitted

FEATURES: Final = ("similarity", "sure", *AGREEMENT)
"""What the estimate is computed from.

`similarity`: the best of the cited passages', -1 to 1; 0 where the search had no vectors.
`sure`: whether the model says HIGH.
"""

VECTORS: Final = "vectors"
WORDS: Final = "words"


@dataclass(frozen=True, slots=True)
class Grounds:
    """What confidence in an answer rests on.

    Attributes:
        verified: whether every claim of the answer is verbatim or entailed.
        unsupported: whether a claim of it stands against its evidence or without any.
        similarity: the best of the cited passages'; None where none has one.
        agreement: of the answer with what its question takes for granted.
        model: the model's own word; None when it gave none.
        insufficient: whether the route's checker doubts that the passages hold the answer.
    """

    verified: bool
    unsupported: bool
    similarity: float | None
    agreement: Agreement
    model: Confidence | None
    insufficient: bool = False

    @classmethod
    def of(cls, question: str, answer: GroundedText, *, insufficient: bool = False) -> "Grounds":
        """Return the grounds of an answer to a question."""
        passages = {citation.passage.chunk_id: citation.passage for citation in answer.citations}.values()
        measured = [passage.scores.vector_similarity for passage in passages]
        claims = [
            answer.text[sentence.span.start_code_point : sentence.span.end_code_point]
            for sentence in answer.sentences
            if sentence.verdict is not Verdict.NOT_A_CLAIM
        ]
        weakest = answer.weakest_verdict
        return cls(
            answer.verified,
            weakest in {Verdict.UNSUPPORTED, Verdict.CONTRADICTED},
            max((each for each in measured if each is not None), default=None),
            compare(
                Premises.of(question), claims, lambda: "\n".join(f"{each.title}\n{each.text}" for each in passages)
            ),
            answer.model_confidence,
            insufficient,
        )

    @property
    def features(self) -> tuple[float, ...]:
        """What the estimate is computed from, in the order of `FEATURES`."""
        return (self.similarity or 0.0, self.model is Confidence.HIGH, *self.agreement.features)


def rated(question: str, answer: GroundedText, *, insufficient: bool = False) -> GroundedText:
    """Return an answer with the service's confidence in it.

    Args:
        question: that it answers.
        answer: with its verdicts.
        insufficient: whether the route's checker doubts that the passages hold the answer.
    """
    grounds = Grounds.of(question, answer, insufficient=insufficient)
    probability = estimate(grounds)
    return replace(answer, confidence=level(grounds, probability), probability=probability)


def estimate(grounds: Grounds) -> float:
    """Return the probability, 0 to 1, that an answer answers its question rightly."""
    return _fitted().models[WORDS if grounds.similarity is None else VECTORS].probability(grounds.features)


def level(grounds: Grounds, probability: float) -> Confidence:
    """Return the level of confidence for a probability.

    It is never above the model's own word; at most MEDIUM unless the answer is verified and agrees with what its
    question takes for granted; and LOW where a claim stands without support, or the passages are doubted.
    """
    thresholds = _fitted().thresholds
    way = WORDS if grounds.similarity is None else VECTORS
    if grounds.unsupported or grounds.insufficient or probability < thresholds[f"medium_{way}"]:
        return Confidence.LOW
    sound = grounds.verified and not grounds.agreement.contradicts
    found = Confidence.HIGH if sound and probability >= thresholds[f"high_{way}"] else Confidence.MEDIUM
    return found.and_(grounds.model)


@cache
def _fitted() -> Fitted:
    return read_fitted("groundwire_server.pipeline", "confidence.toml", FEATURES)

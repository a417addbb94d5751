"""What a checker is asked about sentences and their passages, and what its answer means."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.fencing.fence import draw_mark
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.requester import Requester


@dataclass(frozen=True, slots=True)
class SentenceToCheck:
    """One sentence of an answer.

    Attributes:
        passages: the passages that it cites, as indexes into those of the request; all of them when it cites none.
    """

    text: str
    passages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """Sentences to be checked together.

    Attributes:
        requester: on whose behalf.
        question: that the sentences answer; empty where there is none.
        passages: their texts.
        allowance: what the call has left; None has no bound.
        mark: of the fences in its prompts; it says nothing of what is asked.
    """

    requester: Requester
    question: str
    passages: tuple[str, ...]
    sentences: tuple[SentenceToCheck, ...]
    allowance: Allowance | None = None
    mark: str = field(default_factory=draw_mark, compare=False)

    def cited(self, sentence: SentenceToCheck) -> tuple[int, ...]:
        """Return the indexes of the passages that a sentence is held against."""
        return sentence.passages or tuple(range(len(self.passages)))

    def batches(self, size: int) -> "tuple[CheckRequest, ...]":
        """Return requests of so many sentences at most, each with all of the passages."""
        starts = range(0, len(self.sentences), size)
        return tuple(replace(self, sentences=self.sentences[start : start + size]) for start in starts)

    def narrowed(self) -> "CheckRequest":
        """Return the request with the passages alone that its sentences are held against."""
        shown = sorted({index for sentence in self.sentences for index in self.cited(sentence)})
        places = {index: place for place, index in enumerate(shown)}
        return replace(
            self,
            passages=tuple(self.passages[index] for index in shown),
            sentences=tuple(
                replace(sentence, passages=tuple(places[index] for index in sentence.passages))
                for sentence in self.sentences
            ),
        )


@dataclass(frozen=True, slots=True)
class CheckReply:
    """What a checker says of sentences.

    Attributes:
        probabilities: that its passages entail each sentence, 0 to 1, in order; None where the checker is undecided.
        usage: what that consumed.
    """

    probabilities: tuple[float | None, ...]
    usage: Usage


@dataclass(frozen=True, slots=True)
class SufficiencyRequest:
    """The question whether passages hold the answer to a question.

    Attributes:
        requester: on whose behalf.
        passages: their texts.
        allowance: what the call has left; None has no bound.
        mark: of the fences in its prompts; it says nothing of what is asked.
    """

    requester: Requester
    question: str
    passages: tuple[str, ...]
    allowance: Allowance | None = None
    mark: str = field(default_factory=draw_mark, compare=False)


@dataclass(frozen=True, slots=True)
class SufficiencyReply:
    """What a checker says of passages.

    Attributes:
        probability: that they hold the answer, 0 to 1; None where the checker is undecided, or is none that can tell.
        usage: what that consumed.
    """

    probability: float | None
    usage: Usage


class Opinion(StrEnum):
    """What a probability means."""

    ENTAILED = "entailed"
    UNDECIDED = "undecided"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class EntailmentThresholds:
    """The probabilities from which a checker is believed; between them it is undecided.

    Attributes:
        entailed_from: the lowest probability of a sentence that is entailed.
        unsupported_below: sentences of a lower probability are not supported; at most `entailed_from`.
    """

    entailed_from: float
    unsupported_below: float

    def opinion(self, probability: float | None) -> Opinion:
        """Return what a probability means."""
        if probability is None:
            return Opinion.UNDECIDED
        if probability >= self.entailed_from:
            return Opinion.ENTAILED
        return Opinion.UNSUPPORTED if probability < self.unsupported_below else Opinion.UNDECIDED

"""A text of the caller's own with what was found for and against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from groundwire_server.domain.answer import CheckedSentence, Citation, grounding_score
from groundwire_server.domain.outcome import Report
from groundwire_server.domain.vocabulary import Verdict


@dataclass(frozen=True, slots=True)
class GroundedSentence:
    """A sentence with its verdict, and the citations that its indexes refer to."""

    sentence: CheckedSentence
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class GroundingSummary:
    """How a whole text stands to its evidence.

    Attributes:
        verdicts: how many sentences have each; none for a text without a sentence.
        citations: how many citations its sentences have.
        grounding_score: the mean of the sentences' support, weighted by their length, 0 to 1.
        report: how long the check took.
    """

    verdicts: Mapping[Verdict, int]
    citations: int
    grounding_score: float
    report: Report

    @classmethod
    def of(cls, sentences: Sequence[CheckedSentence], report: Report) -> "GroundingSummary":
        """Return what a text's sentences come to."""
        return cls(
            count_verdicts(sentences),
            sum(len(sentence.citations) for sentence in sentences),
            grounding_score(sentences),
            report,
        )

    @property
    def weakest_verdict(self) -> Verdict | None:
        """The weakest verdict of a sentence that claims something; None where none does."""
        return Verdict.weakest(self.verdicts)

    @property
    def verified(self) -> bool:
        """Whether every sentence that claims something is verbatim or entailed, and one does."""
        weakest = self.weakest_verdict
        return weakest is not None and weakest.verifies


def count_verdicts(sentences: Sequence[CheckedSentence]) -> dict[Verdict, int]:
    """Return how many sentences have each verdict, of those that any has."""
    counts: dict[Verdict, int] = {}
    for sentence in sentences:
        counts[sentence.verdict] = counts.get(sentence.verdict, 0) + 1
    return counts

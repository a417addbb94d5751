"""A question with its answer and all that a person needs to judge it, kept for reviewers and for feedback."""

from dataclasses import dataclass
from datetime import datetime

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.cached_answer import AnswerKey, AnswerStamp
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.experiments.experiment import Assignment
from groundwire_server.domain.outcome import Report
from groundwire_server.domain.question import Question


@dataclass(frozen=True, slots=True)
class AnswerPlace:
    """Where an answer is kept for callers that ask the same, and what has to be as it was for it to hold."""

    key: AnswerKey
    stamp: AnswerStamp


@dataclass(frozen=True, slots=True)
class Case:
    """One question as it was answered, or was to be.

    Attributes:
        tenant: whose.
        subject: who asked.
        question: as it was asked, but for its normal form.
        evidence: the passages that a prompt could use, best first, with their access lists.
        draft: the answer with its verdicts; None where no model has written one.
        complete: whether the model came to the end of its draft.
        report: how it came about, as far as it was known then.
        place: where the answer may be kept once a person has approved it; None where the route keeps none.
        asked: when, of the wall clock.
        assignments: the arms of experiments that it belongs to.
    """

    tenant: str
    subject: str
    question: Question
    evidence: tuple[Passage, ...]
    draft: GroundedText | None
    complete: bool
    report: Report
    asked: datetime
    place: AnswerPlace | None = None
    assignments: tuple[Assignment, ...] = ()

    @property
    def documents(self) -> frozenset[str]:
        """The ids of the documents that it shows, for erasure."""
        return frozenset(passage.document_id for passage in self.evidence if passage.document_id)

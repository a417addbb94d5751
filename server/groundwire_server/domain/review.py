"""Reviews: answers that are sent to a person, and what the person decides."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import auto
from typing import Final

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.feedback import AnswerFault
from groundwire_server.domain.vocabulary import Cause, Verdict, Word


class ReviewKind(Word):
    """What a person is asked to decide; the contract says what each decision means."""

    APPROVAL = auto()
    SAMPLE = auto()
    BLOCK = auto()


class ReviewState(Word):
    """Where a review is. One whose claim has lapsed is PENDING."""

    PENDING = auto()
    CLAIMED = auto()
    APPROVED = auto()
    EDITED = auto()
    REJECTED = auto()
    EXPIRED = auto()
    WITHDRAWN = auto()


class ReviewTrigger(Word):
    """What sent an answer for review."""

    FALLBACK = auto()
    ALWAYS = auto()
    SHARE = auto()
    CONFIDENCE = auto()
    VERDICT = auto()
    GUARD = auto()
    SAMPLE = auto()
    APPEAL = auto()


class ReviewDecision(Word):
    """What a person decides."""

    APPROVED = auto()
    EDITED = auto()
    REJECTED = auto()

    @property
    def state(self) -> ReviewState:
        """The state of a review that was decided so."""
        return ReviewState[self.name]


OPEN_STATES: Final = frozenset({ReviewState.PENDING, ReviewState.CLAIMED})
"""The states of reviews that wait for a decision."""


@dataclass(frozen=True, slots=True)
class ReviewReason:
    """Why a person must look.

    Attributes:
        guard: the name of the guard that found something; empty where none did.
        category: the kind of content that it found.
    """

    cause: Cause
    trigger: ReviewTrigger
    guard: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class ReviewVerdict:
    """A person's decision.

    Attributes:
        text: the answer as the reviewer wrote it, with its verdicts; None unless the decision is EDITED.
        note: the reviewer's own, for the record.
        faults: what is wrong with the draft.
        wrong_sentences: the sentences of the draft that are wrong, as indexes from 0.
    """

    decision: ReviewDecision
    text: GroundedText | None = None
    note: str = field(default="", repr=False)
    faults: tuple[AnswerFault, ...] = ()
    wrong_sentences: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """A review without its texts. Times are of the wall clock.

    Attributes:
        ticket: names it within its tenant.
        subject: who asked the question.
        operation_id: of the operation that ends with the outcome; empty where nobody waits.
        weakest_verdict: of the draft; None without one.
        share: the share of the route's answers that was sampled, for a sample; otherwise 0.
        created: when it was opened.
        expires: when it expires unless it is decided.
        reviewer: who holds the claim or has decided; empty while it is PENDING.
        lease_until: when the claim lapses; None unless it is CLAIMED.
        version: counts changes, from 1.
    """

    tenant: str
    ticket: str
    kind: ReviewKind
    state: ReviewState
    reason: ReviewReason
    route: str
    subject: str
    request_id: str
    trace_id: str
    created: datetime
    expires: datetime
    operation_id: str = ""
    weakest_verdict: Verdict | None = None
    share: float = 0.0
    reviewer: str = ""
    lease_until: datetime | None = None
    decided: datetime | None = None
    version: int = 1

    @property
    def open(self) -> bool:
        """Whether it waits for a decision."""
        return self.state in OPEN_STATES

    @property
    def blind(self) -> bool:
        """Whether nothing may be shown that says how far its answer was supported: it would sway the reviewer."""
        return self.open and self.kind is ReviewKind.SAMPLE

    @property
    def etag(self) -> str:
        """What changes with every change of it."""
        return str(self.version)


@dataclass(frozen=True, slots=True)
class ReviewMark:
    """What a person has decided, as the caller learns it.

    Attributes:
        decided: when.
    """

    ticket: str
    decision: ReviewDecision
    decided: datetime

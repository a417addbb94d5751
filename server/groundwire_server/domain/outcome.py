"""How a question ends: one of a closed set, made by `pipeline/decide.py` and, after a review, `review/outcomes.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.generation import ModelUsage, Usage
from groundwire_server.domain.guards.finding import Flag, PolicyBlock
from groundwire_server.domain.review import ReviewMark
from groundwire_server.domain.vocabulary import (
    Action,
    CacheKey,
    CacheResult,
    CacheStaleness,
    Cause,
    ConflictKind,
    Loss,
    NextStep,
    Purpose,
    Rewriting,
    Stage,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A validated answer."""

    answer: GroundedText


@dataclass(frozen=True, slots=True)
class Abstained:
    """The evidence does not hold the answer."""

    searched: int
    nearest: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Cached:
    """An earlier validated answer stands in.

    Attributes:
        age: seconds since it was validated.
        keyed_on: everything that agreed with the earlier call.
    """

    answer: GroundedText
    age: float
    keyed_on: tuple[CacheKey, ...]


@dataclass(frozen=True, slots=True)
class Degraded:
    """Less than was asked for, and what was given up."""

    losses: tuple[Loss, ...]
    answer: GroundedText | None = None
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Queued:
    """The answer is written later.

    Attributes:
        operation: the operation's name, `operations/` and its id.
        position: questions ahead.
        poll_after: seconds to wait before asking for it.
    """

    operation: str
    position: int
    poll_after: float


@dataclass(frozen=True, slots=True)
class InReview:
    """A person must approve the answer.

    Attributes:
        ticket: names the review to reviewers.
        operation: the operation's name, `operations/` and its id.
        expected_within: seconds that the review is expected to take; None where that is not known.
    """

    ticket: str
    operation: str
    expected_within: float | None = None


@dataclass(frozen=True, slots=True)
class Blocked:
    """Policy forbids an answer."""

    by: PolicyBlock


@dataclass(frozen=True, slots=True)
class FailedSafe:
    """Nothing better was possible in time."""

    retryable: bool
    retry_after: float | None = None


ResultName: TypeAlias = Literal[
    "answered", "abstained", "cached", "degraded", "queued", "in_review", "blocked", "failed_safe"
]
"""What the contract calls a kind of outcome."""

Result: TypeAlias = Answered | Abstained | Cached | Degraded | Queued | InReview | Blocked | FailedSafe

RESULT_NAMES: Final[Mapping[type[Result], ResultName]] = {
    Answered: "answered",
    Abstained: "abstained",
    Cached: "cached",
    Degraded: "degraded",
    Queued: "queued",
    InReview: "in_review",
    Blocked: "blocked",
    FailedSafe: "failed_safe",
}
"""The kinds of outcome by their names in the contract."""


@dataclass(frozen=True, slots=True)
class StageTiming:
    """One run of a stage; times in seconds, `start` from the call's arrival."""

    stage: Stage
    start: float
    duration: float
    budget: float
    cause: Cause | None = None
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model an alias stands for.

    Attributes:
        provider: the provider's name in the configuration.
        name: the provider's own name for the model.
    """

    provider: str
    name: str


@dataclass(frozen=True, slots=True)
class ModelAttempt:
    """One model that was asked for an answer.

    Attributes:
        model: its alias.
        identity: what the alias stands for; None where the configuration does not say.
        action: why it was asked: `ANSWER`, or the fallback that the attempt is.
        cause: why it failed; None where it did not, or was left before it could.
    """

    model: str
    identity: ModelIdentity | None
    action: Action
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class RatedPassage:
    """A passage that a prompt could use, by its id, with its relevance from 0 to 1."""

    chunk_id: str
    relevance: float


@dataclass(frozen=True, slots=True)
class Report:
    """How an outcome came about; times in seconds from the call's arrival.

    Attributes:
        rewriting: how the question was put so that it needs no earlier turns; None without any.
        searched_question: what was searched for; empty where it was the caller's question as it is.
        found: how many passages the search found.
        best_relevance: of the best of them, 0 to 1; None where nothing was found.
        passages: those that a prompt could use, best first.
        passages_cut: how many did not fit the prompt whole: the model saw their beginning alone, or nothing of them.
        attempts: the models that were asked, in order.
        stages: every run of a stage, in the order in which they began.
        judged: how many sentences of all that models wrote had each verdict, whether they left or not.
        conflicts: how many places of each kind there were in them where they depart from their passages.
        flags: what guards found, each with the number of texts that had it.
        guards_unavailable: the guards that could not be asked, and without which the call went on.
        cache: what looking for an earlier answer came to; None where none was looked for.
        cache_staleness: why the one that was found does not hold; None where it does, or where none was found.
        routing_rule: the name of the rule that chose the models; empty where none did.
        review: what a person has decided on the answer; None where nobody did.
    """

    request_id: str = ""
    trace_id: str = ""
    route: str = ""
    corpus_version: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    experiment_arm: str = ""
    model: str = ""
    found: int = 0
    best_relevance: float | None = None
    passages: tuple[RatedPassage, ...] = ()
    passages_cut: int = 0
    attempts: tuple[ModelAttempt, ...] = ()
    usage: tuple[ModelUsage, ...] = ()
    stages: tuple[StageTiming, ...] = ()
    judged: Mapping[Verdict, int] = field(default_factory=dict)
    conflicts: Mapping[ConflictKind, int] = field(default_factory=dict)
    time_to_first_token: float | None = None
    total: float = 0.0
    rewriting: Rewriting | None = None
    searched_question: str = ""
    flags: Mapping[Flag, int] = field(default_factory=dict)
    guards_unavailable: tuple[str, ...] = ()
    cache: CacheResult | None = None
    cache_staleness: CacheStaleness | None = None
    routing_rule: str = ""
    review: ReviewMark | None = None

    @property
    def writing_seconds(self) -> float:
        """How long models wrote, over all attempts."""
        return sum(timing.duration for timing in self.stages if timing.stage is Stage.GENERATE)

    @property
    def writing_usage(self) -> Usage:
        """What models consumed for writing, over all attempts; checks are not among it."""
        return sum((each.usage for each in self.usage if each.purpose in _WRITING), Usage())


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result with why, what was done and what the caller should do."""

    result: Result
    cause: Cause
    action: Action
    next_step: NextStep
    report: Report = field(default_factory=Report)

    @property
    def answer(self) -> GroundedText | None:
        """The text with its evidence, where the result carries one."""
        match self.result:
            case Answered(answer) | Cached(answer) | Degraded(_, answer):
                return answer
            case _:
                return None

    @property
    def documents(self) -> frozenset[str]:
        """The ids of the documents that it cites or shows: with one of them it is erased."""
        match self.result:
            case Abstained(_, shown) | Degraded(_, _, shown):
                pass
            case _:
                shown = ()
        answer = self.answer
        citations = () if answer is None else (*answer.citations, *answer.dropped_citations)
        passages = (*shown, *(citation.passage for citation in citations))
        return frozenset(passage.document_id for passage in passages if passage.document_id)


_WRITING: Final = frozenset({Purpose.ANSWER, Purpose.REPAIR, Purpose.SHADOW})

"""How a question ends: exactly one of a closed set, made by `pipeline/decide.py` alone."""

from dataclasses import dataclass, field
from typing import TypeAlias

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.generation import ModelUsage
from groundwire_server.domain.vocabulary import Action, Cause, Loss, NextStep, Stage


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
class Degraded:
    """Less than was asked for, and what was given up."""

    losses: tuple[Loss, ...]
    answer: GroundedText | None = None
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedSafe:
    """Nothing better was possible in time."""

    retryable: bool
    retry_after: float | None = None


Result: TypeAlias = Answered | Abstained | Degraded | FailedSafe


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
class Report:
    """How an outcome came about; times in seconds from the call's arrival."""

    request_id: str = ""
    trace_id: str = ""
    route: str = ""
    corpus_version: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    experiment_arm: str = ""
    model: str = ""
    attempts: int = 0
    usage: tuple[ModelUsage, ...] = ()
    stages: tuple[StageTiming, ...] = ()
    time_to_first_token: float | None = None
    total: float = 0.0


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
            case Answered(answer) | Degraded(_, answer):
                return answer
            case _:
                return None

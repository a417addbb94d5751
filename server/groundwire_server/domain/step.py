"""What the path may do next: a value that `pipeline/decide.py` chooses."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.generation import Draft
from groundwire_server.domain.guards.finding import PolicyBlock
from groundwire_server.domain.vocabulary import Action, Cause


class Variant(Enum):
    """How a prompt is written."""

    FULL = auto()
    SHORTENED = auto()
    REPAIR = auto()
    """The whole answer again, with the draft that could not be used."""
    SENTENCE_REPAIR = auto()
    """The rest of the answer, from the sentence on that could not be used."""
    CONTINUED = auto()


@dataclass(frozen=True, slots=True)
class Attempt:
    """Ask a model.

    Attributes:
        model: its alias.
        variant: how the prompt is written.
        cause: the failure that made this attempt necessary; None for the first.
        action: what the attempt is called in an outcome.
        repair_of: the draft, or the sentence, that a repair corrects.
    """

    model: str
    variant: Variant = Variant.FULL
    cause: Cause | None = None
    action: Action = Action.ANSWER
    repair_of: Draft | None = None


@dataclass(frozen=True, slots=True)
class Conclude:
    """End without asking again.

    Attributes:
        action: how.
        cause: why.
        retry_after: seconds after which the same question may fare better; None where that is not known.
        block: what forbids an answer; None for any other end.
    """

    action: Action
    cause: Cause
    retry_after: float | None = None
    block: PolicyBlock | None = None


@dataclass(frozen=True, slots=True)
class Accept:
    """End with the validated answer of an attempt."""

    attempt: Attempt
    answer: GroundedText

    @property
    def action(self) -> Action:
        """What the attempt is called in an outcome."""
        return self.attempt.action


Step: TypeAlias = Attempt | Conclude | Accept

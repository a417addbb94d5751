"""What the path may do next: a value that `pipeline/decide.py` chooses."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from groundwire_server.domain.generation import Draft
from groundwire_server.domain.vocabulary import Action, Cause


class Variant(Enum):
    """How a prompt is written."""

    FULL = auto()
    SHORTENED = auto()
    REPAIR = auto()
    CONTINUED = auto()


@dataclass(frozen=True, slots=True)
class Try:
    """Ask a model.

    Attributes:
        model: its alias.
        variant: how the prompt is written.
        because: what made this attempt necessary; None for the first.
        action: what the attempt is called in an outcome.
        mends: the draft that a repair is to mend.
    """

    model: str
    variant: Variant = Variant.FULL
    because: Cause | None = None
    action: Action = Action.ANSWER
    mends: Draft | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """End without asking again.

    Attributes:
        action: how.
        because: why.
        retry_after: seconds after which it may go better.
    """

    action: Action
    because: Cause
    retry_after: float | None = None


Step: TypeAlias = Try | Close

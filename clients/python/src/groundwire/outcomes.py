"""Reads what most callers want out of an outcome."""

from collections.abc import Sequence

from groundwire.v1.grounding_pb2 import Citation, GroundedText
from groundwire.v1.outcome_pb2 import Outcome


def text_of(outcome: Outcome) -> str:
    """The answer's text, whichever outcome carries it; empty when none does.

    Look at ``outcome.next_step`` before you show it: a degraded answer is to be shown with caution.
    """
    return _grounded(outcome).text


def citations_of(outcome: Outcome) -> Sequence[Citation]:
    """The citations of the answer, in the order of the text they support."""
    return _grounded(outcome).citations


def _grounded(outcome: Outcome) -> GroundedText:
    match outcome.WhichOneof("result"):
        case "answered":
            return outcome.answered.answer
        case "cached":
            return outcome.cached.answer
        case "degraded":
            return outcome.degraded.answer
        case _:
            return GroundedText()

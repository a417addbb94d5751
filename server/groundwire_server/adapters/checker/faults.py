"""The faults of a checker, in words that hold nothing of what it was sent or what it said."""

from groundwire_server.adapters.http.json_reply import probability_in
from groundwire_server.domain.failure import Failure, Fault
from groundwire_server.domain.vocabulary import Cause


class CheckerFault(Fault):
    """A reply that says nothing about the sentences."""

    UNREADABLE = ("what it sends is not what its protocol says", "correct the checker's `kind`, `api` or provider")
    COUNT = ("it answers for more or fewer sentences than it was asked", "correct the checker's `api`")
    NO_PROBABILITY = ("it gives a number that is not finite, or not between 0 and 1", "correct `api` or `output`")
    NO_SUCH_CLASS = ("what it gives lacks the class that the checker names", "correct `label` or `class_index`")
    NO_LOG_PROBABILITIES = ("its provider sends no log probabilities", "set `log_probabilities` to false")


class InvalidReplyFailure(Failure):
    """A checker answered, and not what it was asked.

    Attributes:
        fault: what is wrong.
    """

    def __init__(self, fault: CheckerFault) -> None:
        # A body that was cut short may be whole the next time; the rest would come again.
        cause = Cause.MODEL_UNAVAILABLE if fault is CheckerFault.UNREADABLE else Cause.MODEL_MISCONFIGURED
        super().__init__(cause)
        self.fault = fault

    @property
    def error_type(self) -> str:
        """The name of the fault."""
        return self.fault.name


def probability(value: object) -> float:
    """Return a number of a reply that is a probability.

    Raises:
        InvalidReplyFailure: when it is no number, not finite, or not between 0 and 1.
    """
    try:
        found = probability_in(value)
    except TypeError:
        raise InvalidReplyFailure(CheckerFault.UNREADABLE) from None
    if found is None:
        raise InvalidReplyFailure(CheckerFault.NO_PROBABILITY)
    return found

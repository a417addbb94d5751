"""The faults of a reranker, in words that hold nothing of what it was sent or what it said."""

from groundwire_server.domain.failure import Failure, Fault
from groundwire_server.domain.vocabulary import Cause


class RerankerFault(Fault):
    """A reply that says nothing about the texts."""

    UNREADABLE = ("what it sends is not what its API says", "correct the reranker's `api` or provider")
    COUNT = ("it rates more or fewer texts than it was given", "correct `api`, or check the server")
    INDEX = ("it rates a text twice, or one that it was not given", "check the server")
    OTHER_TEXTS = ("it rates other texts than it was given", "check the server, or what stands before it")
    NO_RATING = ("it gives a number that is not finite, or not of the kind that `scores` says", "correct `scores`")


class InvalidRatingsFailure(Failure):
    """A reranker answered, and not what it was asked.

    Attributes:
        fault: what is wrong.
    """

    def __init__(self, fault: RerankerFault) -> None:
        # A body that was cut short may be whole the next time; the rest would come again.
        cause = Cause.MODEL_UNAVAILABLE if fault is RerankerFault.UNREADABLE else Cause.MODEL_MISCONFIGURED
        super().__init__(cause)
        self.fault = fault

    @property
    def error_type(self) -> str:
        """The name of the fault."""
        return self.fault.name

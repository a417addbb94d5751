"""The faults of a guard behind an endpoint, in words that hold nothing of what it was sent or what it said."""

from groundwire_server.domain.failure import Failure, Fault
from groundwire_server.domain.vocabulary import Cause


class GuardFault(Fault):
    """A reply that says nothing about the texts."""

    UNREADABLE = (
        "what it sends is not what its contract says",
        "correct the guard's `kind`, `api`, `path` or provider",
    )
    COUNT = ("it answers for more or fewer texts than it was sent", "check the guard")
    OTHER_TEXT = ("it returns another text than it was sent", "check that it counts code points, not bytes or UTF-16")
    SPAN = ("it reports a place that the text does not have", "check that it counts code points, not bytes or UTF-16")
    SCORE = ("it gives a score that is not finite, or not between 0 and 1", "check the guard, or correct `scores`")
    CATEGORY = ("it reports a category that the configuration does not name", "add it to `categories`")
    RULE = ("it names a rule in characters that no name has", "check the guard: a rule's name must not hold the text")
    LABEL = ("its model lacks a label that the configuration names", "correct `labels`")
    SIZE = ("its reply is larger than it may be", "raise `bounds.response_bytes`, or check the guard")


class InvalidFindingsFailure(Failure):
    """A guard answered, and not what it was asked.

    Attributes:
        fault: what is wrong.
    """

    def __init__(self, fault: GuardFault) -> None:
        super().__init__(_CAUSES.get(fault, Cause.OUTPUT_MALFORMED))
        self.fault = fault

    @property
    def error_type(self) -> str:
        """The name of the fault."""
        return self.fault.name


_CAUSES = {
    # A body that was cut short may be whole the next time.
    GuardFault.UNREADABLE: Cause.MODEL_UNAVAILABLE,
    GuardFault.LABEL: Cause.MODEL_MISCONFIGURED,
    GuardFault.CATEGORY: Cause.MODEL_MISCONFIGURED,
}

"""A checker that says what it is told to say."""

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import (
    CheckReply,
    CheckRequest,
    EntailmentThresholds,
    SufficiencyReply,
    SufficiencyRequest,
)
from groundwire_server.domain.generation import Usage


class Believing:
    """A checker with the probabilities of every batch of sentences; it remembers what it was asked.

    Args:
        probabilities: of the sentences of a batch.
        sufficiency: the probability that passages hold the answer.
    """

    name, model, fingerprint = "panel", "writer", "f" * 16
    thresholds = EntailmentThresholds(entailed_from=0.8, unsupported_below=0.3)

    def __init__(self, *probabilities: float | None, sufficiency: float | None = None) -> None:
        self._probabilities = probabilities
        self._sufficiency = sufficiency
        self.asked: list[CheckRequest] = []
        self.asked_of_passages: list[SufficiencyRequest] = []

    async def check(self, request: CheckRequest, deadline: Deadline) -> CheckReply:
        self.asked.append(request)
        return CheckReply(self._probabilities, Usage(7, 1))

    async def rate_sufficiency(self, request: SufficiencyRequest, deadline: Deadline) -> SufficiencyReply:
        self.asked_of_passages.append(request)
        return SufficiencyReply(self._sufficiency, Usage(7, 1))

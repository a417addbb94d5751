"""Checking sentences with a model."""

from typing import Protocol

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import (
    CheckReply,
    CheckRequest,
    EntailmentThresholds,
    SufficiencyReply,
    SufficiencyRequest,
)


class Rater(Protocol):
    """A model that rates sentences. Every adapter passes `tests/contract/test_checker.py`."""

    async def check(self, request: CheckRequest, deadline: Deadline) -> CheckReply:
        """Return one probability for each sentence, in order, by `deadline`.

        Raises:
            ChargedFailure: with one of the MODEL_ causes, PROMPT_TOO_LONG, OUTPUT_CUT_OFF, CAPACITY_EXHAUSTED or
                BUDGET_EXHAUSTED.
        """
        ...

    async def rate_sufficiency(self, request: SufficiencyRequest, deadline: Deadline) -> SufficiencyReply:
        """Return the probability that the passages hold the answer, by `deadline`.

        Raises:
            ChargedFailure: as for `check`.
        """
        ...


class Checker(Rater, Protocol):
    """A checker of the configuration: a rater, and what its probabilities mean.

    It never fails an answer: where it fails or is late, what the rules say stands.
    """

    @property
    def name(self) -> str:
        """Its name in the configuration, which verdicts show."""
        ...

    @property
    def model(self) -> str:
        """The alias under which its usage is counted."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides a probability: model, template, prompt. Thresholds hold for one alone."""
        ...

    @property
    def thresholds(self) -> EntailmentThresholds:
        """The probabilities from which it is believed."""
        ...

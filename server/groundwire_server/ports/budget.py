"""Limits on what models consume."""

from typing import Protocol

from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.quota import Reservation
from groundwire_server.domain.requester import Requester


class Budget(Protocol):
    """Reserves the tokens and the cost of a model call before the call is made."""

    async def reserve(self, requester: Requester, most: Usage) -> Reservation:
        """Reserve the most that a call can consume.

        Raises:
            Failure: BUDGET_EXHAUSTED when the requester has not that much left.
        """
        ...

    async def left_today(self, requester: Requester) -> float | None:
        """Return the share that is left of what the requester may spend in the day, 0 to 1.

        None where nothing limits it, or the counts cannot be asked.
        """
        ...

    def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Charge what the call did consume, and release the rest.

        Where the process is killed before, all that was reserved stays charged until its window ends.
        """
        ...


class Holding:
    """What one request to a model holds while it runs: of the call's own allowance, and of the requester's budget.

    Args:
        budget: None has no bound.
        allowance: None has no bound.
    """

    def __init__(self, budget: Budget | None, allowance: Allowance | None) -> None:
        self._budget = budget
        self._allowance = allowance
        self._most: Usage | None = None
        self._reservation: Reservation | None = None

    async def reserve(self, requester: Requester, most: Usage) -> None:
        """Hold the most that the request can consume.

        Raises:
            Failure: BUDGET_EXHAUSTED when the call, or its requester, has not that much left.
        """
        if self._allowance is not None:
            self._allowance.reserve(most)
            self._most = most
        if self._budget is not None:
            try:
                self._reservation = await self._budget.reserve(requester, most)
            except BaseException:
                self.settle(Usage())
                raise

    def settle(self, usage: Usage) -> None:
        """Charge what the request did consume, and hold nothing any more."""
        if self._allowance is not None and self._most is not None:
            self._allowance.settle(self._most, usage)
        if self._budget is not None and self._reservation is not None:
            self._budget.settle(self._reservation, usage)
        self._most = self._reservation = None

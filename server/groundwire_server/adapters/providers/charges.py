"""What the calls of a model consume and cost, and what it is charged to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.price import Price
from groundwire_server.domain.requester import Requester
from groundwire_server.ports.budget import Budget, Holding


@dataclass(slots=True)
class Charge:
    """One call.

    Attributes:
        usage: what it consumed, set while it runs; with its cost once it has ended.
    """

    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Account:
    """What a call is charged to.

    Attributes:
        requester: on whose behalf it is made.
        allowance: what all that is done for the same question may consume; None has no bound.
    """

    requester: Requester
    allowance: Allowance | None = None


class Charges:
    """Reserves the most that a call may consume before it is made, and settles what it did consume.

    Args:
        price: of the model's tokens; None costs nothing.
        budget: what requesters may consume; None has no bound.
    """

    def __init__(self, price: Price | None = None, budget: Budget | None = None) -> None:
        self._price = price
        self._budget = budget

    @asynccontextmanager
    async def reserved(self, charge: Charge, account: Account, most: Usage) -> AsyncIterator[None]:
        """Hold what a call may consume while it runs.

        Raises:
            Failure: BUDGET_EXHAUSTED.
        """
        holding = Holding(self._budget, account.allowance)
        await holding.reserve(account.requester, self._priced(most))
        try:
            yield
        finally:
            charge.usage = self._priced(charge.usage)
            holding.settle(charge.usage)

    def _priced(self, usage: Usage) -> Usage:
        return usage if self._price is None else self._price.of(usage)

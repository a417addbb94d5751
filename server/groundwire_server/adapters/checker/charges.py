"""What the calls of a checker cost, and where the money for them comes from."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from groundwire_server.domain.generation import Usage
from groundwire_server.domain.price import Price
from groundwire_server.domain.requester import Requester
from groundwire_server.ports.budget import Budget


@dataclass(slots=True)
class Charge:
    """One call.

    Attributes:
        usage: what it consumed, set while it runs; with its cost once it has ended.
    """

    usage: Usage = field(default_factory=Usage)


class Charges:
    """Reserves the most that a call may cost before it is made, and settles what it did cost.

    Args:
        price: of the model's tokens; None costs nothing.
        budget: where the money comes from; None has no bound.
    """

    def __init__(self, price: Price | None = None, budget: Budget | None = None) -> None:
        self._price = price
        self._budget = budget

    @contextmanager
    def reserved(self, charge: Charge, requester: Requester, most: Usage) -> Iterator[None]:
        """Hold the money for a call while it runs.

        Raises:
            Failure: BUDGET_EXHAUSTED.
        """
        if self._price is None:
            yield
            return
        reservation = (
            None if self._budget is None else self._budget.reserve(requester.tenant, self._price.of(most).cost_micros)
        )
        try:
            yield
        finally:
            charge.usage = self._price.of(charge.usage)
            if self._budget is not None and reservation is not None:
                self._budget.settle(reservation, charge.usage.cost_micros)

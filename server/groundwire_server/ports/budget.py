"""Spending limits."""

from typing import Protocol

from groundwire_server.domain.price import Reservation


class Budget(Protocol):
    """Reserves the cost of a model call before the call is made."""

    def reserve(self, tenant: str, micros: int) -> Reservation:
        """Reserve the maximum cost of a call, in millionths of the currency.

        Raises:
            Failure: BUDGET_EXHAUSTED when the tenant has not that much left.
        """
        ...

    def settle(self, reservation: Reservation, micros: int) -> None:
        """Charge the actual cost of the call, and release the rest."""
        ...

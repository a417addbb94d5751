"""What models may cost."""

from typing import Protocol

from groundwire_server.domain.price import Reservation


class Budget(Protocol):
    """Holds the money for a call before it is made."""

    def reserve(self, tenant: str, micros: int) -> Reservation:
        """Set aside the most that a call can cost, in millionths of the currency.

        Raises:
            Failure: BUDGET_EXHAUSTED when the tenant has not that much left.
        """
        ...

    def settle(self, reservation: Reservation, micros: int) -> None:
        """Take what the call did cost, and give the rest back."""
        ...

"""Limits on what models consume."""

from typing import Protocol

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

    def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Charge what the call did consume, and release the rest.

        Where that cannot be done, since the process is killed, all that was reserved stays charged until its window ends.
        """
        ...

"""A budget that a test sets."""

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.quota import Calendar, Demand, Reservation, Spending
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause


class SetBudget:
    """So much money for everybody together, in millionths; None is without end.

    Attributes:
        spent: what was charged or is reserved.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self.spent = 0

    async def reserve(self, requester: Requester, most: Usage) -> Reservation:
        if self._most is not None and self.spent + most.cost_micros > self._most:
            raise Failure(Cause.BUDGET_EXHAUSTED)
        self.spent += most.cost_micros
        return Reservation((Demand("all", Spending(1, Calendar.DAY), most.cost_micros),))

    async def left_today(self, requester: Requester) -> float | None:
        return None if self._most is None else max(0.0, 1.0 - self.spent / self._most)

    def settle(self, reservation: Reservation, usage: Usage) -> None:
        self.spent += usage.cost_micros - sum(each.amount for each in reservation.taken)

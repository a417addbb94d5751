"""A Budget in the memory of one worker."""

from datetime import date

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.price import Reservation
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.clock import Clock


class Ledger:
    """What each tenant has spent today, and has set aside; it outlives the configurations that bound it."""

    def __init__(self) -> None:
        self._day = date.min
        self._spent: dict[str, int] = {}

    def spent(self, tenant: str, day: date) -> int:
        """What a tenant has spent and set aside on a day, in millionths."""
        return self._spent.get(tenant, 0) if day == self._day else 0

    def add(self, tenant: str, day: date, micros: int) -> None:
        """Count something of a day; what belongs to an earlier one is not kept."""
        if day > self._day:
            self._day = day
            self._spent.clear()
        if day == self._day:
            self._spent[tenant] = self._spent.get(tenant, 0) + micros


class DailyBudget:
    """So much for each tenant and day in UTC.

    Args:
        ledger: where it is counted.
        clock: says which day it is.
        most: in millionths of the currency; None counts and bounds nothing.
    """

    def __init__(self, ledger: Ledger, clock: Clock, most: int | None) -> None:
        self._ledger = ledger
        self._clock = clock
        self._most = most

    def reserve(self, tenant: str, micros: int) -> Reservation:
        """Set aside the most that a call can cost.

        Raises:
            Failure: BUDGET_EXHAUSTED when the tenant has not that much left today.
        """
        day = self._clock.today().date()
        if self._most is not None and self._ledger.spent(tenant, day) + micros > self._most:
            raise Failure(Cause.BUDGET_EXHAUSTED)
        self._ledger.add(tenant, day, micros)
        return Reservation(tenant, day, micros)

    def settle(self, reservation: Reservation, micros: int) -> None:
        """Take what the call did cost, and give the rest back."""
        self._ledger.add(reservation.tenant, reservation.day, micros - reservation.micros)

"""Calls that last: only some may go on at once, and all end when the server drains."""

from collections.abc import Iterator
from contextlib import contextmanager

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.interceptors.limits import NoPlaceError, Places
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics


class LongCalls:
    """The calls of one kind that last.

    Args:
        places: for how many there is room, in all and of one tenant.
        recorder: counts those that are refused.

    Attributes:
        ending: whether the server drains.
    """

    def __init__(self, places: Places, recorder: Metrics) -> None:
        self._places = places
        self._metrics = recorder
        self.ending = False

    def end(self) -> None:
        """Have every one of them end."""
        self.ending = True

    @contextmanager
    def place(self, tenant: str) -> Iterator[None]:
        """Hold a place for a call of a tenant.

        Raises:
            Rejection: OVERLOADED when too many go on already.
        """
        try:
            self._places.take(tenant)
        except NoPlaceError as full:
            self._metrics.add(metrics.CALLS_REFUSED, 1, full.limit)
            raise Rejection(Reason.OVERLOADED) from None
        try:
            yield
        finally:
            self._places.give_back(tenant)

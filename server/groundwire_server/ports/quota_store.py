"""The counts that limits are kept by."""

from collections.abc import Collection, Sequence
from typing import Protocol

from groundwire_server.domain.failure import Fault, GroundwireError
from groundwire_server.domain.quota import CallLease, Demand, Settlement, Taken


class QuotaStoreError(GroundwireError):
    """The store cannot be asked.

    Attributes:
        fault: what is wrong with it.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class QuotaStore(Protocol):
    """Counts what calls use."""

    @property
    def shared(self) -> bool:
        """Whether other processes take from the same counts."""
        ...

    async def take(self, demands: Sequence[Demand], lease: CallLease | None = None) -> Taken:
        """Take all that is demanded, or nothing where an enforced demand does not fit.

        A demand that is not enforced is taken as if it were the only one, where anything is: more is never counted of a
        rate or of concurrent calls than there is. Spending is counted in any case.

        Raises:
            QuotaStoreError: it is not known then whether anything was taken.
        """
        ...

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Count what was used in place of what was reserved; what belongs to a window that has ended is not kept.

        It does not wait: a store elsewhere is told in the background.
        """
        ...

    def give_back(self, keys: Collection[str], lease: CallLease) -> None:
        """End a lease of these counts; one that has expired is left alone. It does not wait either."""
        ...

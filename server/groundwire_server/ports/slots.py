"""Slots of something scarce, shared fairly."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.requester import Requester


class Slots(Protocol):
    """A number of slots that tenants and their subjects share."""

    @property
    def limit(self) -> int:
        """How many slots there are."""
        ...

    @property
    def used(self) -> int:
        """How many are taken."""
        ...

    @property
    def waiting(self) -> int:
        """How many calls wait for one."""
        ...

    def hold(self, requester: Requester, until: Deadline) -> AbstractAsyncContextManager[None]:
        """Hold a slot, and wait for it before.

        Args:
            requester: on whose behalf.
            until: when it is too late to begin.

        Raises (on entering):
            Failure: CAPACITY_EXHAUSTED, at once where none is to be expected in time.
        """
        ...

    def resize(self, limit: int) -> None:
        """Set how many slots there are; what is taken beyond them stays until it is given back."""
        ...

"""The ports of what holds texts of documents, or of answers that quote them, and can forget them."""

from collections.abc import Sequence
from typing import Protocol

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import ErasedPlace, Erasure, ErasurePlan, RecordErasure


class Erasable(Protocol):
    """A place that can forget texts."""

    async def erase(self, erasure: Erasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Forget the texts of documents so that no byte of them is left.

        What does not know which of its texts are of these documents forgets all texts of the tenant. It may be called
        again, and then goes on where it ended.

        Args:
            erasure: which documents.
            deadline: when it must have ended.

        Returns:
            What was forgotten; a place that the time did not suffice for is not complete.

        Raises:
            Failure: before anything was forgotten.
        """
        ...


class ErasableRecords(Protocol):
    """A place that keeps what came of questions, and can forget it by whose it is and by the documents in it."""

    async def erase(self, erasure: Erasure | RecordErasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Forget the records that an erasure names so that no byte of their texts is left.

        It may be called again, and then goes on where it ended. It does not raise: a place that cannot be asked is not
        complete.

        Args:
            erasure: which records; documents name those that cite or show them.
            deadline: when it must have ended.
        """
        ...


class ErasableStore(Erasable, Protocol):
    """A store whose documents can be erased.

    Every adapter passes `tests/contract/test_erasure.py`.
    """

    async def plan_erasure(self, caller: Caller, erasure: Erasure, limit: int, deadline: Deadline) -> ErasurePlan:
        """Return what an erasure would remove, with at most `limit` ids.

        Raises:
            Failure: of the store.
        """
        ...

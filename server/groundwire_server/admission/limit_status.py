"""What is used and left of the limits that hold for a requester."""

from collections.abc import Sequence
from dataclasses import dataclass

from groundwire_server.admission.limit_table import HeldLimit, LimitTable
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.quota import Level
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.ports.quota_store import QuotaStore, QuotaStoreError


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """How one limit stands.

    Attributes:
        limit: which.
        level: of its count; None where none is kept.
    """

    limit: HeldLimit
    level: Level | None


class LimitStatuses:
    """Looks at limits, and takes nothing of them.

    Args:
        table: the limits.
        store: keeps the counts; None where nothing is limited.

    Attributes:
        currency: of the money.
    """

    def __init__(self, table: LimitTable, store: QuotaStore | None) -> None:
        self.currency = table.currency
        self._table = table
        self._store = store

    async def of(self, requester: Requester) -> Sequence[LimitStatus]:
        """Return how every limit stands that holds for a requester, in the order of the table.

        Raises:
            Rejection: LIMITS_UNAVAILABLE when the store cannot be asked.
        """
        limits = self._table.all_of(requester)
        counted = [limit for limit in limits if limit.key]
        levels: dict[str, Level] = {}
        if counted and self._store is not None:
            try:
                taken = await self._store.take([each.demand(0) for each in counted])
            except QuotaStoreError as error:
                raise Rejection(Reason.LIMITS_UNAVAILABLE) from error
            levels = {limit.key: level for limit, level in zip(counted, taken.levels, strict=True)}
        return [LimitStatus(limit, levels.get(limit.key)) for limit in limits]

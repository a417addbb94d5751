# Generated from clients/python/src/groundwire/_async/usage.py: change that, then `make generate`.
"""The calls about what models have consumed."""

from collections.abc import Iterable
from datetime import date

from groundwire._sync.connection import Connection
from groundwire.requests import numbered
from groundwire.v1.usage_service_pb2 import QueryUsageRequest, QueryUsageResponse, UsageDimension


class UsageCalls:
    """Calls about consumption and its cost: the role operator is needed.

    Args:
        connection: to the server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def usage(
        self,
        *,
        first_day: date | None = None,
        last_day: date | None = None,
        group_by: Iterable[str] = (),
        subject: str = "",
        route: str = "",
        model: str = "",
        timeout: float | None = None,
    ) -> QueryUsageResponse:
        """Return what models have consumed for the tenant, all rows at once, with the accounts that are not complete.

        Args:
            first_day: in UTC; None takes the first of this month.
            last_day: in UTC; None takes today.
            group_by: names of `UsageDimension` such as ``DAY`` and ``MODEL``; none sums everything.
            subject: who asked; empty sums all.
            route: the route; empty sums all.
            model: the model's alias; empty sums all.
            timeout: seconds that each page may take.

        Raises:
            ValueError: for a dimension that the contract does not have.
        """
        request = QueryUsageRequest(
            first_day="" if first_day is None else first_day.isoformat(),
            last_day="" if last_day is None else last_day.isoformat(),
            group_by=[numbered(UsageDimension.DESCRIPTOR, dimension) for dimension in group_by],
            subject=subject,
            route=route,
            model=model,
        )
        whole = QueryUsageResponse()
        for page in self._connection.pages(self._connection.usage.QueryUsage, request, timeout):
            rows = [*whole.rows, *page.rows]
            whole.CopyFrom(page)
            del whole.rows[:]
            whole.rows.extend(rows)
        return whole

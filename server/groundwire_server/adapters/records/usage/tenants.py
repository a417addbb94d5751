"""The accounts of all tenants in SQLite and PostgreSQL, for those who hold the configuration."""

from collections.abc import Sequence

from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.usage import reading
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.usage import TenantsUsageQuery, UsageBooks, UsageRow


class SqlTenantsUsage:
    """The accounts of all tenants; see `ports.usage.TenantsUsage`.

    Args:
        clock: of the wall.
    """

    def __init__(self, database: RecordsDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def query(self, query: TenantsUsageQuery, after: UsageRow | None, most: int) -> Sequence[UsageRow]:
        """Return sums."""
        return await self._database.read(lambda connection: reading.query(connection, query, after, most))

    async def books(self, query: TenantsUsageQuery, stale: float) -> UsageBooks:
        """Return how far the accounts go."""
        now = self._clock.today()
        return await self._database.read(lambda connection: reading.books(connection, query, now, stale))

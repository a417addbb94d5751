"""The clock of the world."""

import asyncio
from datetime import UTC, datetime


class LoopClock:
    """Deadlines on the running loop's clock, dates on the system's."""

    def now(self) -> float:
        """Seconds on the running loop's monotonic clock."""
        return asyncio.get_running_loop().time()

    def today(self) -> datetime:
        """The date and time in UTC."""
        return datetime.now(UTC)

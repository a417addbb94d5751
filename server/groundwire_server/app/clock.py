"""The clock of the world."""

import time
from datetime import UTC, datetime


class SystemClock:
    """Deadlines on the monotonic clock, which event loops use too; callable from any thread."""

    def now(self) -> float:
        """Seconds on the monotonic clock."""
        return time.monotonic()

    def today(self) -> datetime:
        """The date and time in UTC."""
        return datetime.now(UTC)

"""The system's clock."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The clock of production: monotonic, as the event loop's, and usable from any thread."""

    def now(self) -> float:
        """Return seconds on the monotonic clock."""
        return time.monotonic()

    def today(self) -> datetime:
        """Return the date and time in UTC."""
        return datetime.now(UTC)

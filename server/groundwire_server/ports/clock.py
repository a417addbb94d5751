"""Time, so that tests can own it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Two clocks: one for deadlines, one for dates."""

    def now(self) -> float:
        """Seconds on the event loop's monotonic clock."""
        ...

    def today(self) -> datetime:
        """The date and time in UTC."""
        ...

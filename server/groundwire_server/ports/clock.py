"""Time, so that tests can own it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Two clocks: one for deadlines, one for dates."""

    def now(self) -> float:
        """Seconds on the monotonic clock that the event loop uses; callable from any thread."""
        ...

    def today(self) -> datetime:
        """The date and time in UTC."""
        ...

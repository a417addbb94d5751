"""Time, as a port, so that tests can control it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """A monotonic clock for deadlines, and the time of day."""

    def now(self) -> float:
        """Return seconds on the monotonic clock that the event loop uses; callable from any thread."""
        ...

    def today(self) -> datetime:
        """Return the date and time in UTC."""
        ...

"""A clock that a test sets."""

from datetime import UTC, datetime, timedelta


class SetClock:
    """Stands still until it is moved; both clocks move together."""

    def __init__(self) -> None:
        self._seconds = 1000.0
        self._begin = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def now(self) -> float:
        return self._seconds

    def today(self) -> datetime:
        return self._begin + timedelta(seconds=self._seconds - 1000.0)

    @property
    def stamp(self) -> float:
        """Now, as tokens say it."""
        return self.today().timestamp()

    def move(self, seconds: float) -> None:
        self._seconds += seconds

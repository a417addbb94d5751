"""The clock of the database beside that of this machine, by which experiments and retention go."""

import time
from typing import Final

from sqlalchemy import text

from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.transactions import RecordsDialect

MOST_APART: Final = 30.0
"""Seconds between the two that need no attention."""

ADVICE: Final = "set both by NTP, since experiments, reviews and retention go by that of this machine"

_NOW: Final = text("SELECT extract(epoch FROM clock_timestamp())")


async def seconds_ahead(database: RecordsDatabase) -> float:
    """Return how far the clock of this machine is ahead of the database's, at least; negative where it is behind.

    SQLite has no other clock.

    Raises:
        RecordsError: when the database cannot be asked.
    """
    if database.dialect is RecordsDialect.SQLITE:
        return 0.0
    before = time.time()
    there = float(await database.read(lambda connection: connection.execute(_NOW).scalar_one()))
    after = time.time()
    # It was read at some time between the two.
    return before - there if there < before else min(0.0, after - there)


def apart(seconds: float) -> str:
    """Return what is said of clocks that differ by more than MOST_APART; empty where they do not.

    Args:
        seconds: of `seconds_ahead`.
    """
    if abs(seconds) <= MOST_APART:
        return ""
    return f"the clock of this machine is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} the database's"

"""What operations were at when a part of the service was killed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from groundwire_server.ports.operations import HistoryEntry
from groundwire_server.work.history import HistoryEvent


class AtKill(StrEnum):
    """What an operation was at."""

    UNSENT = "not sent yet"
    ACCEPTING = "being accepted, not written yet"
    UNTOLD = "written, its caller not told yet"
    WAITING = "waiting for a worker"
    RUNNING = "being answered, or completed"
    DONE = "done"


@dataclass
class Submissions:
    """When each request was sent for the first time, and when its operation was known.

    Attributes:
        sent: by request id.
        told: by request id, with the operation's id.
    """

    sent: dict[str, datetime] = field(default_factory=dict)
    told: dict[str, tuple[datetime, str]] = field(default_factory=dict)


def states_at(moment: datetime, submissions: Submissions, entries: Sequence[HistoryEntry]) -> Counter[AtKill]:
    """Return how many operations were at what.

    Args:
        moment: of the kill, by the clock that the history is written by.
        submissions: all of the run.
        entries: the history of the run.
    """
    happened = {(entry.operation_id, HistoryEvent(entry.event)) for entry in entries if entry.at <= moment}
    return Counter(_state(moment, submissions, request, happened) for request in submissions.told)


def _state(moment: datetime, submissions: Submissions, request: str, happened: set[tuple[str, HistoryEvent]]) -> AtKill:
    told, operation = submissions.told[request]
    if submissions.sent[request] > moment:
        return AtKill.UNSENT
    if (operation, HistoryEvent.EFFECT) in happened:
        return AtKill.DONE
    if (operation, HistoryEvent.BEGUN) in happened:
        return AtKill.RUNNING
    if told <= moment:
        return AtKill.WAITING
    return AtKill.UNTOLD if (operation, HistoryEvent.ACCEPTED) in happened else AtKill.ACCEPTING


def histogram(kills: Mapping[str, Iterable[Counter[AtKill]]]) -> str:
    """Return a table of what operations were at, by what was killed."""
    rows = [f"{'killed':10} " + " ".join(f"{state.name.lower():>9}" for state in AtKill)]
    for victim, counted in kills.items():
        total: Counter[AtKill] = sum(counted, Counter())
        rows.append(f"{victim:10} " + " ".join(f"{total[state]:9}" for state in AtKill))
    return "\n".join(rows)

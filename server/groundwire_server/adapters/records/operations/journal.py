"""What every change of an operation writes beside its row, in the same transaction: history, ledger and outbox.

Times are in microseconds since 1970.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from groundwire_server.adapters.records.tables.operations import history, ledger, outbox
from groundwire_server.domain.operation import Bill, OperationKey

WORK: Final = "work"
ENDED: Final = "ended"
WEBHOOK: Final = "webhook"
"""The kinds of entries in the outbox."""

AT_ONCE: Final = 0
"""When what need not wait is due: long ago by every clock, so that it does not wait for one that steps back."""

_BILLED: Final = "billed"

# Nobody asks for the numbers of new rows: without `inline` each insert would.
_NOTE: Final = insert(history).inline()

_RESERVE: Final = insert(ledger).inline()

# Settled once: a row that is settled takes no further bill.
_BOOK: Final = (
    update(ledger)
    .where(ledger.c.operation_id == bindparam("of"), ledger.c.settled.is_(None))
    .values(
        settled=bindparam("settled_at"),
        input_tokens=ledger.c.input_tokens + bindparam("more_input"),
        output_tokens=ledger.c.output_tokens + bindparam("more_output"),
        cost_micros=ledger.c.cost_micros + bindparam("more_cost"),
        lost_attempts=ledger.c.lost_attempts + bindparam("more_lost"),
    )
)

_UNSETTLED: Final = select(ledger.c.operation_id).where(
    ledger.c.operation_id.in_(bindparam("those", expanding=True)), ledger.c.settled.is_(None)
)

_POST: Final = insert(outbox).inline()


@dataclass(frozen=True, slots=True)
class OperationChange:
    """What has happened to one operation.

    Attributes:
        attempt: to which it belongs; 0 before the first.
        events: as `HistoryEntry` names them, in order; `billed` is added to a change that settles.
        bill: what an attempt has consumed; None where none has ended.
        settles: whether the ledger is settled with it.
        lost: attempts that had begun and end with no word of what they consumed.
        posts: kinds of entries for the outbox.
        due: when those of `WORK` are due, in microseconds since 1970.
    """

    tenant: str
    operation_id: str
    attempt: int
    events: tuple[str, ...] = ()
    bill: Bill | None = None
    settles: bool = False
    lost: int = 0
    posts: tuple[str, ...] = ()
    due: int = field(default=AT_ONCE, kw_only=True)

    @property
    def books(self) -> bool:
        """Whether the ledger changes."""
        return self.settles or self.bill is not None or self.lost > 0


def reserve(
    connection: Connection, key: OperationKey, route: str, cost: int, now: int, priority: int, turn: float
) -> None:
    """Open an operation's row of the ledger, with its place in the order."""
    row = {
        "operation_id": key.operation_id,
        "tenant": key.tenant,
        "subject": key.subject,
        "route": route,
        "priority": priority,
        "turn": turn,
        "reserved_micros": cost,
        "reserved": now,
        "input_tokens": 0,
        "output_tokens": 0,
        "cost_micros": 0,
        "lost_attempts": 0,
    }
    connection.execute(_RESERVE, row)


def unsettled(connection: Connection, operation_ids: Sequence[str]) -> Set[str]:
    """Return the ids of those operations whose row of the ledger is not settled."""
    return set(connection.scalars(_UNSETTLED, {"those": operation_ids})) if operation_ids else set()


def record(connection: Connection, now: int, changes: Sequence[OperationChange]) -> None:
    """Write changes down, at most one statement a table."""
    notes = [
        {
            "operation_id": change.operation_id,
            "tenant": change.tenant,
            "event": event,
            "attempt": change.attempt,
            "at": now,
        }
        for change in changes
        for event in (*change.events, *((_BILLED,) if change.settles else ()))
    ]
    posts = [
        {
            "kind": kind,
            "operation_id": change.operation_id,
            "tenant": change.tenant,
            "due": change.due if kind == WORK else AT_ONCE,
            "attempts": 0,
            "created": now,
        }
        for change in changes
        for kind in change.posts
    ]
    if bookings := [_booking(change, now) for change in changes if change.books]:
        connection.execute(_BOOK, bookings)
    if notes:
        connection.execute(_NOTE, notes)
    if posts:
        connection.execute(_POST, posts)


def _booking(change: OperationChange, now: int) -> dict[str, object]:
    bill = change.bill or Bill()
    return {
        "of": change.operation_id,
        "settled_at": now if change.settles else None,
        "more_input": bill.input_tokens,
        "more_output": bill.output_tokens,
        "more_cost": bill.cost_micros,
        "more_lost": change.lost,
    }

"""The proof that no accepted answer was lost or paid for twice: a checker of the history of operations."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from groundwire_server.ports.operations import HistoryEntry


class HistoryEvent(StrEnum):
    """A word of the history."""

    ACCEPTED = "accepted"
    BEGUN = "begun"
    EFFECT = "effect"
    BILLED = "billed"
    RETRIED = "retried"
    RELEASED = "released"
    IN_REVIEW = "in_review"
    HALTED = "halted"
    REQUEUED = "requeued"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUSED = "refused"
    ERASED = "erased"


class HistoryFault(StrEnum):
    """What must not be in a history."""

    NEVER_ACCEPTED = "an operation has a history that does not begin with its acceptance"
    ACCEPTED_TWICE = "an operation was accepted twice"
    LOST = "an operation was promised to its caller and has no history"
    UNKNOWN_EVENT = "an event is unknown"
    OUT_OF_ORDER = "the entries are not in order"
    ATTEMPT_SKIPPED = "an attempt does not have the number after the one before"
    OTHER_ATTEMPT = "an attempt ended that was not the one under way"
    NOT_UNDER_WAY = "an attempt ended that was not under way"
    AFTER_THE_END = "something happened after the end"
    TWO_EFFECTS = "an operation has two effects"
    TWO_BILLS = "an operation was billed twice"
    EFFECT_WITHOUT_BILL = "an effect was not billed"
    BILL_WITHOUT_END = "an operation was billed that has not ended"
    HALTED_WENT_ON = "an operation went on that was halted"
    REVIEWED_WENT_ON = "an operation was taken up that a person looks at"
    REQUEUED_UNHALTED = "an operation was requeued that was not halted"


@dataclass(frozen=True, slots=True)
class FaultyOperation:
    """One fault, where it was found.

    Attributes:
        number: of the entry; 0 where none is there.
    """

    operation_id: str
    fault: HistoryFault
    number: int = 0


@dataclass(frozen=True, slots=True)
class HistoryReport:
    """What a history comes to.

    Attributes:
        accepted: how many operations.
        ends: how many ended in each way.
        open: the ids of those that have not ended.
        lost_attempts: begun, and never ended by their own worker: each may have cost one call of a model more.
        faults: what must not be in it.
    """

    accepted: int
    ends: Mapping[HistoryEvent, int]
    open: frozenset[str]
    lost_attempts: int
    faults: tuple[FaultyOperation, ...]


def check_history(entries: Iterable[HistoryEntry], promised: Collection[str] = ()) -> HistoryReport:
    """Return what a history comes to, with every fault in it.

    Each accepted operation ends at most once: with one effect that was billed once, by one attempt, or by the review
    that it has led to; or refused, cancelled, expired or erased. Attempts have the numbers 1, 2, 3 and so on, and one
    that another has overtaken ends nothing.

    Args:
        entries: the whole history, in order.
        promised: ids of the operations that callers have: each must be in it.
    """
    operations: dict[str, _Operation] = {}
    faults: list[FaultyOperation] = []
    last = 0
    for entry in entries:
        operation = operations.setdefault(entry.operation_id, _Operation())
        found = [HistoryFault.OUT_OF_ORDER] if entry.number <= last else []
        last = max(last, entry.number)
        found += operation.take(entry)
        faults += (FaultyOperation(entry.operation_id, fault, entry.number) for fault in found)
    for operation_id, operation in operations.items():
        faults += (FaultyOperation(operation_id, fault) for fault in operation.left())
    faults += (FaultyOperation(each, HistoryFault.LOST) for each in promised if each not in operations)
    ended = [operation.end for operation in operations.values() if operation.end is not None]
    return HistoryReport(
        sum(operation.accepted for operation in operations.values()),
        {end: ended.count(end) for end in sorted(set(ended))},
        frozenset(operation_id for operation_id, operation in operations.items() if operation.end is None),
        sum(operation.lost_attempts for operation in operations.values()),
        tuple(faults),
    )


@dataclass(slots=True)
class _Operation:
    """One operation, as its history has it so far."""

    accepted: bool = False
    begun: int = 0
    under_way: bool = False
    halted: bool = False
    in_review: bool = False
    end: HistoryEvent | None = None
    billed: int = 0
    lost_attempts: int = 0

    def take(self, entry: HistoryEntry) -> Iterable[HistoryFault]:
        """Take in one entry and yield what is wrong with it."""
        try:
            event = HistoryEvent(entry.event)
        except ValueError:
            yield HistoryFault.UNKNOWN_EVENT
            return
        if event is HistoryEvent.ACCEPTED:
            if self.accepted:
                yield HistoryFault.ACCEPTED_TWICE
            self.accepted = True
            return
        if not self.accepted:
            yield HistoryFault.NEVER_ACCEPTED
            self.accepted = True
        if event is HistoryEvent.BILLED:
            self.billed += 1
            if self.billed > 1:
                yield HistoryFault.TWO_BILLS
            return
        yield from self._moved(event, entry.attempt)

    def left(self) -> Iterable[HistoryFault]:
        """Yield what is wrong with it at the end of the history."""
        # What a call consumed is its own bill: no attempt of a worker has led to its review.
        if self.end is HistoryEvent.EFFECT and not self.billed and self.begun:
            yield HistoryFault.EFFECT_WITHOUT_BILL
        if self.billed and self.end is None and not self.in_review:
            yield HistoryFault.BILL_WITHOUT_END

    def _moved(self, event: HistoryEvent, attempt: int) -> Iterable[HistoryFault]:
        if self.end is not None and event is not HistoryEvent.ERASED:
            both = event is self.end is HistoryEvent.EFFECT
            yield HistoryFault.TWO_EFFECTS if both else HistoryFault.AFTER_THE_END
            return
        if event in _OF_AN_ATTEMPT:
            if not self._of_a_review(event, attempt):
                yield from self._wrong_end(attempt)
            self.under_way = False
        elif event is HistoryEvent.BEGUN:
            yield from self._wrong_begin(attempt)
            self.lost_attempts += self.under_way
            self.begun, self.under_way = attempt, True
        elif event is HistoryEvent.REQUEUED:
            if not self.halted:
                yield HistoryFault.REQUEUED_UNHALTED
            self.halted = False
        if event is HistoryEvent.HALTED:
            self.halted = True
        if event is HistoryEvent.IN_REVIEW:
            self.in_review = True
        if event in _ENDS:
            # Erasing forgets what was there, and ends what was still open.
            self.lost_attempts += self.under_way
            self.under_way, self.end = False, self.end or event

    def _wrong_begin(self, attempt: int) -> Iterable[HistoryFault]:
        if self.halted:
            yield HistoryFault.HALTED_WENT_ON
        if self.in_review:
            yield HistoryFault.REVIEWED_WENT_ON
        if attempt != self.begun + 1:
            yield HistoryFault.ATTEMPT_SKIPPED

    def _wrong_end(self, attempt: int) -> Iterable[HistoryFault]:
        if not self.under_way:
            yield HistoryFault.NOT_UNDER_WAY
        elif attempt != self.begun:
            yield HistoryFault.OTHER_ATTEMPT

    def _of_a_review(self, event: HistoryEvent, attempt: int) -> bool:
        """Return whether no attempt need be under way: a person decides, or is asked after a call that waited."""
        if self.under_way or attempt != self.begun:
            return False
        asked = event is HistoryEvent.IN_REVIEW and not self.begun and not self.in_review
        return asked or (event is HistoryEvent.EFFECT and self.in_review)


_OF_AN_ATTEMPT: Final = frozenset(
    {
        HistoryEvent.EFFECT,
        HistoryEvent.RETRIED,
        HistoryEvent.RELEASED,
        HistoryEvent.IN_REVIEW,
        HistoryEvent.HALTED,
        HistoryEvent.REFUSED,
    }
)
"""Events by which a worker ends its own attempt."""

_ENDS: Final = frozenset(
    {
        HistoryEvent.EFFECT,
        HistoryEvent.REFUSED,
        HistoryEvent.CANCELLED,
        HistoryEvent.EXPIRED,
        HistoryEvent.ERASED,
    }
)
"""Events after which an operation is done."""

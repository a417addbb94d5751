"""What the calls of queued answers need."""

from dataclasses import dataclass

from groundwire_server.ports.operations import AnswerQueue, OperationRecords, Wakeups


@dataclass(frozen=True, slots=True)
class QueuedAnswers:
    """The queue as calls see it.

    Attributes:
        queue: accepts questions.
        records: holds their operations.
        wakeups: says when one has changed.
        webhook_tenants: those that may have an address told.
    """

    queue: AnswerQueue
    records: OperationRecords
    wakeups: Wakeups
    webhook_tenants: frozenset[str] = frozenset()

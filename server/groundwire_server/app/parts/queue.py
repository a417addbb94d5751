"""The queue of questions that are answered later."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.queue import QueueConfig
from groundwire_server.app.parts.webhooks import webhooks_of
from groundwire_server.edge.queue import QueuedAnswers
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.operations import OperationRecords, Wakeups
from groundwire_server.ports.outbox import OutboxRecords
from groundwire_server.review.notice_options import ReviewWebhooksOptions
from groundwire_server.work.accepting import AcceptedQuestions
from groundwire_server.work.webhooks import Webhooks

if TYPE_CHECKING:
    from groundwire_server.adapters.records.opening import OpenedRecords


@dataclass(frozen=True, slots=True)
class ProcessQueue:
    """The queue of a process.

    Attributes:
        accepted: accepts questions.
        records: keep them.
        outbox: keeps what is left to do of changes that were committed.
        wakeups: say when there is something to do, or to look at.
        options: bounds and times.
        webhooks: says what is posted where; None where the operator allows none.
        review_webhooks: ticketing systems that are notified of reviews.
    """

    accepted: AcceptedQuestions
    records: OperationRecords
    outbox: OutboxRecords
    wakeups: Wakeups
    options: QueueConfig
    webhooks: Webhooks | None
    review_webhooks: ReviewWebhooksOptions

    @property
    def calls(self) -> QueuedAnswers:
        """What calls need of it."""
        tenants = frozenset[str]() if self.webhooks is None else self.webhooks.tenants
        return QueuedAnswers(self.accepted, self.records, self.wakeups, tenants)


def open_queue(
    configuration: Configuration,
    records: "OpenedRecords | None",
    wakeups: Wakeups,
    weight: Callable[[str], float],
    recorder: Metrics,
) -> ProcessQueue | None:
    """Return the queue of a process; None where the configuration has none.

    Args:
        configuration: the first of the process.
        records: the database that questions are kept in.
        wakeups: tell processes that there is work, or an answer.
        weight: returns a tenant's share of the workers.
        recorder: counts what is accepted.
    """
    if records is None or not configuration.queues:
        return None
    # Imported here: a server without a queue starts without what speaks SQL.
    from groundwire_server.adapters.records.operations.rows import OperationRows  # noqa: PLC0415
    from groundwire_server.adapters.records.operations.sql import SqlOperationRecords  # noqa: PLC0415
    from groundwire_server.adapters.records.operations.sweeping import KeepTimes  # noqa: PLC0415
    from groundwire_server.adapters.records.outbox import SqlOutboxRecords  # noqa: PLC0415
    from groundwire_server.app.parts.operation_codec import CODEC  # noqa: PLC0415

    options, kept, clock = configuration.queue, configuration.records.retention, SystemClock()
    rows = SqlOperationRecords(
        records.database,
        records.sealing,
        CODEC,
        clock,
        attempts=options.attempts,
        keep=KeepTimes(
            timedelta(days=kept.done_days), timedelta(days=kept.history_days), timedelta(days=kept.ledger_days)
        ),
    )
    webhooks = webhooks_of(options.webhooks)
    outbox = SqlOutboxRecords(records.database, OperationRows(records.sealing, CODEC), clock)
    accepted = AcceptedQuestions(rows, wakeups, options, weight, clock, recorder, webhooks=webhooks)
    return ProcessQueue(accepted, rows, outbox, wakeups, options, webhooks, configuration.reviews)

"""Working off queued questions, within a server or by itself."""

import asyncio
import os
import random
import socket
from collections.abc import Callable
from functools import partial
from typing import Final

from groundwire_server.app.background import kept_going
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.compose import Process
from groundwire_server.app.parts.operation_codec import CODEC
from groundwire_server.app.parts.queue import ProcessQueue
from groundwire_server.app.parts.review_webhooks import open_review_webhooks
from groundwire_server.app.parts.webhooks import open_webhook_sender
from groundwire_server.edge.attempts import AttemptDecisions
from groundwire_server.edge.blocked_content import BlockedContentLog
from groundwire_server.edge.decision_log import DecisionLog
from groundwire_server.edge.options import DecisionLogOptions
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.reviews import ReviewRecords
from groundwire_server.work.backoff import Backoff
from groundwire_server.work.execution import Executor, Serving
from groundwire_server.work.outbox import OutboxRelay
from groundwire_server.work.upkeep import QueueUpkeep
from groundwire_server.work.worker import QueueWorker

_NAME_LENGTH: Final = 64


class QueueWork:
    """What a process does for its queue beside its calls: answering, sweeping, measuring; nothing without a queue.

    Args:
        process: the process's own.
        current: the configuration that questions are answered with; it is read anew for each attempt.
        concurrent: how many questions it answers at once; 0 answers none.
        decisions: how attempts are logged.
    """

    def __init__(
        self, process: Process, current: CurrentSnapshot, concurrent: int, decisions: DecisionLogOptions
    ) -> None:
        self._current = current
        self._queue = process.queue
        self._reviews = None if process.reviews is None else process.reviews.records
        self._recorder = process.recording.metrics
        self._upkeep: QueueUpkeep | None = None
        self._worker: QueueWorker | None = None
        self._tasks: list[asyncio.Task[None]] = []
        if process.queue is not None:
            self._upkeep = QueueUpkeep(process.queue.records, SystemClock(), process.recording.metrics)
            if concurrent:
                self._worker = _worker(process.queue, concurrent, process, self._serving, decisions)

    def begin(self) -> None:
        """Begin, in the background."""
        if self._worker is not None:
            self._tasks.append(kept_going("queue worker", self._worker.work_off))
        if self._upkeep is not None:
            self._tasks.append(kept_going("queue upkeep", self._upkeep.keep))
        if self._queue is not None:
            self._tasks.append(kept_going("queue outbox", partial(_relay, self._queue, self._reviews, self._recorder)))

    async def end(self, grace: float) -> None:
        """Take up nothing more, and wait for what is being answered; what is left after the grace is given back.

        Args:
            grace: seconds.
        """
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._worker is not None:
            await self._worker.drain(grace)

    def _serving(self) -> Serving:
        snapshot = self._current.snapshot
        return Serving(snapshot.access, snapshot.routes, snapshot.later)


async def _relay(queue: ProcessQueue, reviews: ReviewRecords | None, recorder: Metrics) -> None:
    async with (
        open_webhook_sender(queue.options.webhooks) as sender,
        open_review_webhooks(queue.review_webhooks, reviews) as notices,
    ):
        relay = OutboxRelay(queue.outbox, queue.wakeups, queue.webhooks, sender, SystemClock(), recorder, notices)
        await relay.relay()


def _worker(
    queue: ProcessQueue,
    concurrent: int,
    process: Process,
    serving: Callable[[], Serving],
    decisions: DecisionLogOptions,
) -> QueueWorker:
    recording, clock = process.recording, SystemClock()
    # Jitter is no secret.
    backoff = Backoff(queue.options.backoff_seconds, queue.options.max_backoff_seconds, random.Random())  # noqa: S311
    log = AttemptDecisions(
        DecisionLog(process.sums, decisions),
        BlockedContentLog(process.sums),
        clock,
        recording.metrics,
        recording.experiments,
    )
    return QueueWorker(
        f"{socket.gethostname()}-{os.getpid()}"[-_NAME_LENGTH:],
        concurrent,
        queue.records,
        queue.wakeups,
        CODEC,
        queue.options,
        Executor(serving, backoff, clock, recording),
        backoff,
        log,
        clock,
        recording.metrics,
    )

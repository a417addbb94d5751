"""A worker: takes up queued questions by the database's order, and sees each to what follows its attempt."""

import asyncio
import logging
from contextlib import suppress
from typing import Any, Final

from groundwire_server.domain.failure import Fault
from groundwire_server.domain.operation import Claim
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.operations import (
    WORK,
    OperationCodec,
    OperationRecords,
    RecordsError,
    Wakeups,
    ended,
)
from groundwire_server.telemetry import metrics
from groundwire_server.work.backoff import Backoff
from groundwire_server.work.disposition import (
    RESULTS,
    AwaitReview,
    Complete,
    Disposition,
    GiveBack,
    Refuse,
    Retry,
)
from groundwire_server.work.execution import AttemptLog, Executor, QueuedAttempt
from groundwire_server.work.options import QueueOptions

LAST_WORDS_SECONDS: Final = 5.0
"""How long a worker that ends has to write down what became of each of its questions."""

_RENEWALS: Final = 3
"""Renewals of a claim within its lease: two may fail."""

_log = logging.getLogger(__name__)


class QueueWorker:
    """Answers queued questions, several at once.

    It takes up a question only when it has room for it, so that others can. A claim that holds no more ends the work on
    it at once; one that cannot be renewed since the database is away goes on, for nobody else can take it up then.

    Args:
        name: tells workers apart in the database.
        concurrent: how many questions it answers at once.
        records: the queue.
        wakeups: say when there is something to do.
        codec: writes outcomes.
        options: of the queue.
        executor: makes the attempts.
        backoff: chooses how long a database that cannot be asked is left alone.
        log: takes what became of each attempt.
        clock: the event loop's.
        recorder: counts attempts.
    """

    def __init__(
        self,
        name: str,
        concurrent: int,
        records: OperationRecords,
        wakeups: Wakeups,
        codec: OperationCodec,
        options: QueueOptions,
        executor: Executor,
        backoff: Backoff,
        log: AttemptLog,
        clock: Clock,
        recorder: Metrics,
    ) -> None:
        self._name = name
        self._places = asyncio.Semaphore(concurrent)
        self._records = records
        self._wakeups = wakeups
        self._codec = codec
        self._options = options
        self._executor = executor
        self._backoff = backoff
        self._attempt_log = log
        self._clock = clock
        self._metrics = recorder
        self._running: set[asyncio.Task[None]] = set()
        self._giving_back: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._fault: Fault | None = None
        recorder.watch(metrics.QUEUE_RUNNING, self, lambda worker: [((), worker.running)])

    def __repr__(self) -> str:
        return f"<QueueWorker {self._name}: {self.running} running>"

    @property
    def running(self) -> int:
        """How many questions it is answering."""
        return len(self._running)

    async def work_off(self) -> None:
        """Take up questions until this is cancelled; those taken up go on, and are `drain`'s."""
        async with self._wakeups.subscribed(WORK) as woken:
            while True:
                await self._places.acquire()
                claim = None
                try:
                    claim = await self._claimed()
                finally:
                    if claim is None:
                        self._places.release()
                if claim is None:
                    await woken.wait(self._options.poll_seconds)
                    continue
                task = asyncio.create_task(self._see_through(claim), name=f"operation {claim.key.operation_id}")
                self._running.add(task)
                task.add_done_callback(self._left)

    async def drain(self, grace: float) -> None:
        """Wait for the questions that are being answered; after the grace, in seconds, give back what is left."""
        for seconds in (grace, LAST_WORDS_SECONDS):
            if self._running:
                await asyncio.wait(self._running, timeout=seconds)
            if not self._giving_back.done():
                self._giving_back.set_result(None)
        # What cannot be written down is left to its lease.
        if self._running:
            await _ended(*self._running)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._places.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a queued question was left to its lease", exc_info=error)

    async def _claimed(self) -> Claim | None:
        """Return the next question; one that is taken up while the worker is told to end is given back."""
        claiming = asyncio.ensure_future(self._claim())
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_SECONDS):
                    if (claim := await claiming) is not None:
                        await self._recorded(QueuedAttempt.begin(claim, self._clock.now()), GiveBack(0.0))
            raise

    async def _claim(self) -> Claim | None:
        try:
            claim = await self._records.claim(self._name, self._options.lease_seconds)
        except RecordsError as error:
            if self._fault is not error.fault:
                _log.error("queued questions wait: the records cannot be asked", extra={"why": str(error.fault)})
            self._fault = error.fault
            return None
        if self._fault is not None:
            _log.info("queued questions are answered again")
        self._fault = None
        return claim

    async def _see_through(self, claim: Claim) -> None:
        """Answer a question and record what follows, for as long as the claim holds."""
        attempt = QueuedAttempt.begin(claim, self._clock.now())
        lost = asyncio.create_task(self._until_lost(claim))
        answer = asyncio.create_task(self._executor.execute(attempt))
        try:
            await self._wakeups.notify(ended(claim.key.operation_id))
            await asyncio.wait((lost, answer, self._giving_back), return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                await self._recorded(attempt, self._disposition(answer, claim))
            elif lost.done():
                self._note(attempt, "LOST")
            else:
                await _ended(answer)
                await self._recorded(attempt, GiveBack(0.0))
        finally:
            await _ended(lost, answer)

    def _disposition(self, answer: "asyncio.Task[Disposition]", claim: Claim) -> Disposition:
        """Return what follows; an attempt that met a defect of ours is used up like any other."""
        error = answer.exception()
        if error is None:
            return answer.result()
        _log.error("an attempt at a queued question failed", extra={"attempt": claim.attempt}, exc_info=error)
        return Retry(Cause.INTERNAL, self._backoff.after(claim.attempt))

    async def _until_lost(self, claim: Claim) -> None:
        """Renew a claim until it holds no more."""
        held = True
        while held:
            await asyncio.sleep(self._options.lease_seconds / _RENEWALS)
            with suppress(RecordsError):
                held = await self._records.renew(claim, self._options.lease_seconds)

    async def _recorded(self, attempt: QueuedAttempt, disposition: Disposition) -> None:
        """Record what follows, however long the database is away: what was answered must not be paid for again."""
        tries = 1
        while True:
            try:
                held = await self._record(attempt, disposition)
            except RecordsError:
                await asyncio.sleep(self._backoff.after(tries))
                tries += 1
            else:
                self._note(attempt, RESULTS[type(disposition)] if held else "LOST")
                await self._wakeups.notify(ended(attempt.claim.key.operation_id))
                return

    async def _record(self, attempt: QueuedAttempt, disposition: Disposition) -> bool:
        claim, bill = attempt.claim, attempt.bill(self._clock.now())
        match disposition:
            case Complete(outcome):
                result = self._codec.encode_outcome(outcome)
                return await self._records.complete(claim, result, bill, outcome.documents)
            case Retry(cause, after):
                return await self._records.retry(claim, cause, after, bill)
            case GiveBack(after):
                return await self._records.release(claim, after, bill)
            case Refuse(reason):
                return await self._records.refuse(claim, reason, bill)
            case AwaitReview():
                # The transaction that opened the review has ended the claim, with its bill.
                return True

    def _note(self, attempt: QueuedAttempt, result: str) -> None:
        self._metrics.add(metrics.QUEUE_ATTEMPTS, 1, attempt.claim.work.question.route, result)
        self._attempt_log.record(attempt, result)


async def _ended(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel tasks and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

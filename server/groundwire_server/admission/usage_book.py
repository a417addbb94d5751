"""The account of what a process consumes: summed in memory, and written to the database again and again."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, NoReturn
from uuid import uuid4

from groundwire_server.domain.failure import Fault
from groundwire_server.domain.generation import ModelUsage
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.operations import RecordsError
from groundwire_server.ports.usage import UsageBatch, UsageKey, UsageRecords, UsageSum
from groundwire_server.telemetry import metrics

WRITE_SECONDS: Final = 1.0
"""Between the end of a batch and the next: what a crash may leave uncounted."""

HEARTBEAT_SECONDS: Final = 5.0
"""Between batches of a process that has nothing to write."""

STALE_SECONDS: Final = 60.0
"""Without a batch for so long, a process that was not closed is taken to be gone."""

SWEEP_SECONDS: Final = 3600.0
"""Between two sweeps of what is kept long enough."""

MOST_SUMS: Final = 10_000
"""Sums that wait in memory with their subjects: a second of a busy server, or hours of a database that is away."""

CLOSE_SECONDS: Final = 5.0
"""How long a process that ends waits for its last calls, and again for its last batch."""

_RETRY_SECONDS: Final = 0.2

_log = logging.getLogger(__name__)


class UsageBook:
    """The UsageRecorder of a process with records.

    Nothing is lost while the database is away: a batch that was not taken is written again, and what is consumed
    meanwhile makes the next. Where more sums wait than memory is given to, those of further subjects are added up
    without a subject. A process that is killed loses what it has not written, and its book stays open.

    Args:
        records: the accounts.
        clock: the event loop's, and of the wall.
        recorder: reads how long consumption has waited.
        most: sums that wait with their subjects.

    Attributes:
        process: names the process, and no other that ever was.
    """

    def __init__(self, records: UsageRecords, clock: Clock, recorder: Metrics, most: int = MOST_SUMS) -> None:
        self.process = uuid4().hex
        self._records = records
        self._clock = clock
        self._most = most
        self._began = clock.today()
        self._sums: dict[UsageKey, UsageSum] = {}
        self._running: Counter[str] = Counter()
        self._idle = asyncio.Event()
        self._idle.set()
        self._writing = asyncio.Lock()
        self._batch: UsageBatch | None = None
        self._number = 0
        self._said: dict[str, int] = {}
        # On the event loop's clock.
        self._waiting_since: float | None = None
        self._next_since: float | None = None
        self._wrote: float | None = None
        self._swept = clock.now()
        self._fault: Fault | None = None
        recorder.watch(metrics.USAGE_UNWRITTEN_AGE, self, lambda book: [((), book.unwritten_age)])

    def __repr__(self) -> str:
        return f"<UsageBook of {self.process}: {self._number} batches, {len(self._sums)} sums wait>"

    @property
    def unwritten_age(self) -> float:
        """Seconds that the oldest consumption has waited which is not in the accounts; 0 where all is."""
        since = self._next_since if self._waiting_since is None else self._waiting_since
        return 0.0 if since is None else max(0.0, self._clock.now() - since)

    def begin(self, tenant: str) -> None:
        """Note that a tenant's work has begun."""
        self._running[tenant] += 1
        self._idle.clear()

    def add(self, tenant: str, subject: str, route: str, usage: Sequence[ModelUsage]) -> None:
        """Note what one call has consumed."""
        if not usage:
            return
        day = self._clock.today().date()
        if self._next_since is None:
            self._next_since = self._clock.now()
        for each in usage:
            used = each.usage
            sums = self._sums_of(UsageKey(tenant, day, subject, route, each.model, each.purpose, used.currency))
            sums.input_tokens += used.input_tokens
            sums.cached_input_tokens += used.cached_input_tokens
            sums.output_tokens += used.output_tokens
            sums.cost_micros += used.cost_micros
            sums.calls += 1
            sums.estimated_calls += used.estimated

    def end(self, tenant: str) -> None:
        """Note that work has ended."""
        self._running[tenant] -= 1
        if not self._running[tenant]:
            del self._running[tenant]
            if not self._running:
                self._idle.set()

    async def keep(self) -> NoReturn:
        """Write what there is, and again after a while, until this is cancelled."""
        while True:
            if self._due():
                await self.write()
            if self._clock.now() - self._swept >= SWEEP_SECONDS:
                await self._sweep()
            await asyncio.sleep(WRITE_SECONDS)

    async def write(self) -> bool:
        """Write all that there is, and that this process lives; return whether all of it is in the accounts."""
        async with self._writing:
            # What was not taken before goes first, as it was: it may have come through.
            if self._batch is not None and not await self._written():
                return False
            self._cut()
            return await self._written()

    async def close(self) -> None:
        """Write the last batch, and close the book where nothing is missing in it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._idle.wait()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._close()
        except TimeoutError:
            _log.error("usage was not written before the end; its book stays open", extra={"book": self.process})

    async def _close(self) -> None:
        while True:
            if await self.write():
                if self._running:
                    _log.warning("calls go on; the book of usage stays open", extra={"book": self.process})
                    return
                with suppress(RecordsError):
                    await self._records.close(self.process)
                    return
            await asyncio.sleep(_RETRY_SECONDS)

    async def _written(self) -> bool:
        """Write the batch that was cut off."""
        assert self._batch is not None, "it was cut off"  # noqa: S101  # for the type checker
        try:
            await self._records.write(self.process, self._began, self._batch)
        except RecordsError as error:
            if self._fault is not error.fault:
                _log.error("usage waits in memory: the records cannot be asked", extra={"why": str(error.fault)})
            self._fault = error.fault
            return False
        if self._fault is not None:
            _log.info("usage is written again")
        self._fault, self._batch, self._waiting_since = None, None, None
        self._wrote = self._clock.now()
        return True

    async def _sweep(self) -> None:
        """Forget what is kept long enough; what cannot be forgotten now is in the next sweep."""
        self._swept = self._clock.now()
        with suppress(RecordsError):
            while await self._records.sweep():
                pass

    def _due(self) -> bool:
        """Return whether there is something to write: consumption, other calls in flight, or a sign of life."""
        if self._batch is not None or self._sums or self._wrote is None or self._running != self._said:
            return True
        return self._clock.now() - self._wrote >= HEARTBEAT_SECONDS

    def _cut(self) -> None:
        """Make a batch of what there is."""
        self._number += 1
        self._said = dict(self._running)
        self._batch = UsageBatch(self._number, self._clock.today(), self._sums, self._said)
        self._sums, self._waiting_since, self._next_since = {}, self._next_since, None

    def _sums_of(self, key: UsageKey) -> UsageSum:
        sums = self._sums.get(key)
        if sums is not None:
            return sums
        if len(self._sums) >= self._most:
            # Their number is bounded by the configuration: totals stay right, whatever subjects there are.
            key = replace(key, subject="")
        return self._sums.setdefault(key, UsageSum())

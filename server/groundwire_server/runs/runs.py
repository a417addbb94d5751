"""The answers that are being written, each once however many callers wait for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from groundwire_server.domain.event import Event, Numbered
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.run import RunKey
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.ports.run_log import RunLog
from groundwire_server.ports.sink import Sink
from groundwire_server.runs.run import Run, cancelled
from groundwire_server.runs.told import told

KEPT = 60.0
"""Seconds for which an answer that has ended can be had again under its id, or the resume window if that is longer."""

Work: TypeAlias = Callable[[Sink | None], Coroutine[Any, Any, Outcome]]
"""Writes the answer; its events go to the sink, its outcome is what it returns."""

Write: TypeAlias = Callable[[Numbered], Awaitable[None]]
"""Sends one event to the caller."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a caller has said about a run that it may want to find again.

    Attributes:
        asked: a digest of what is asked: whoever asks something else needs another id.
        window: seconds that the run lives on when nobody follows it.
    """

    asked: bytes
    window: float = 0.0


class Runs:
    """Runs answers, each in a task of its own.

    A run ends when its last follower leaves: at once, or after the longest resume window that was asked for.

    Args:
        log: where the events of named runs go.
    """

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self._running: dict[RunKey, Run] = {}

    async def alone(self, key: RunKey, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Await an answer that nobody else can find but to cancel it; cancelling the awaiting task cancels it.

        Raises:
            Rejection: CANCELLED when `cancel` ended it; whatever the work raises.
        """
        task = self._begin(key, work).task
        try:
            return await task
        except asyncio.CancelledError:
            waiting = asyncio.current_task()
            if waiting is not None and waiting.cancelling():
                raise
            raise cancelled(key) from None

    async def outcome(self, key: RunKey, named: Named, work: Work) -> Outcome:
        """Return the outcome of the run of that name; begin it where there is none.

        Raises:
            Rejection: REQUEST_ID_REUSED when the name stands for something else, CANCELLED when `cancel` ended it;
                whatever the work raises.
        """
        run = await self._joined(key, named, lambda: self._kept(key, named, work(None), as_stream=True))
        if run is None:
            return await self._ended_outcome(key)
        with run.followed(named.window):
            await run.begun()
            return await run.outcome()

    async def stream(self, key: RunKey, named: Named, after: int | None, work: Work, write: Write) -> Outcome | None:
        """Write the events of the run of that name, from the first or after a number; begin it where there is none.

        Returns:
            The outcome; None when `after` is a number past it.

        Raises:
            Rejection: RUN_NOT_FOUND when there is no run to resume, and what `outcome` raises.
        """
        if after is not None and self._log.follow(key, after) is None:
            raise Rejection(Reason.RUN_NOT_FOUND, metadata={"request_id": key.request_id})
        sink = _LogSink(self._log, key)
        run = await self._joined(key, named, lambda: self._kept(key, named, work(sink), as_stream=False))
        events = self._log.follow(key, after or 0)
        if run is None or events is None:
            return await _written(events, write)
        with run.followed(named.window):
            await run.begun()
            outcome = await _written(events, write)
            return outcome or await run.outcome()

    def cancel(self, key: RunKey) -> bool:
        """End the run of that name; False when there is none."""
        run = self._running.get(key)
        return run is not None and run.task.cancel()

    def end(self) -> None:
        """End every run."""
        for run in self._running.values():
            run.task.cancel()

    async def _joined(self, key: RunKey, named: Named, work: Callable[[], Coroutine[Any, Any, Outcome]]) -> Run | None:
        """The run of that name, begun if need be; None when it has ended and is kept."""
        known = await self._log.open(key, named.asked)
        if known is None:
            return self._begin(key, work())
        if known != named.asked:
            raise Rejection(Reason.REQUEST_ID_REUSED, metadata={"request_id": key.request_id})
        return self._running.get(key)

    def _begin(self, key: RunKey, work: Coroutine[Any, Any, Outcome]) -> Run:
        run = self._running[key] = Run(key, asyncio.create_task(work))
        run.task.add_done_callback(partial(self._ended, key))
        return run

    def _ended(self, key: RunKey, task: "asyncio.Task[Outcome]") -> None:
        del self._running[key]
        if not task.cancelled():
            # Whoever follows is told; where nobody does any more, asyncio would log what was raised with its text.
            task.exception()

    async def _kept(self, key: RunKey, named: Named, work: Coroutine[Any, Any, Outcome], *, as_stream: bool) -> Outcome:
        keep = 0.0
        try:
            outcome = await work
            for event in told(outcome) if as_stream else (outcome,):
                await self._log.append(key, event)
            keep = max(KEPT, named.window)
            return outcome
        finally:
            # What failed is not kept: the next who asks may fare better.
            await self._log.close(key, keep)

    async def _ended_outcome(self, key: RunKey) -> Outcome:
        events = self._log.follow(key, 0)
        outcome = await _written(events, _nowhere)
        if outcome is None:
            raise cancelled(key)
        return outcome


class _LogSink:
    """Where a named run's events go."""

    def __init__(self, log: RunLog, key: RunKey) -> None:
        self._log = log
        self._key = key

    async def emit(self, event: Event) -> None:
        await self._log.append(self._key, event)


async def _written(events: AsyncIterator[Numbered] | None, write: Write) -> Outcome | None:
    outcome: Outcome | None = None
    if events is not None:
        async for numbered in events:
            await write(numbered)
            if isinstance(numbered.event, Outcome):
                outcome = numbered.event
    return outcome


async def _nowhere(numbered: Numbered) -> None:
    """For who wants the outcome alone."""

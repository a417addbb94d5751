"""The answers in flight: each is written once, however many callers wait for it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import aclosing, contextmanager
from functools import partial
from math import isinf
from typing import Any

from opentelemetry.trace import get_current_span

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import ErasedPlace, ErasedPlaceKind, Erasure
from groundwire_server.domain.event import Event, NumberedEvent, Numbering, Started, TextDelta
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import Inquiry, RunKey, RunOrigin, RunRequest
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.vocabulary import Assurance, Reason, StreamMode
from groundwire_server.ports.answerer import Answerer
from groundwire_server.ports.run_log import RunLog
from groundwire_server.ports.sink import Sink
from groundwire_server.telemetry.trace_context import link_current_span, traceparent

FOLLOWED_SECONDS = 1.0
"""How often a run without a follower in this process asks whether another process follows it."""

ENDING_SECONDS = 1.0
"""How long the end of a run that was cancelled is waited for."""

KEPT = 60.0
"""Seconds for which an answer that has ended can be had again under its id, or the resume window if that is longer."""


class RunRegistry:
    """The runs of this process, and the log of those that callers can find again.

    A shared run has a task of its own. It ends when its last follower leaves: at once, or after the longest resume
    window that was asked for. An unshared one is done in the task of its only caller, and ends with it.

    Args:
        log: keeps the events of runs with a request id of the caller's.
    """

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self._running: dict[RunKey, Run] = {}
        self._unshared: dict[RunKey, asyncio.Timeout] = {}
        self._closing = False

    def __repr__(self) -> str:
        return f"RunRegistry(running={self.active})"

    @property
    def active(self) -> int:
        """How many runs there are."""
        return len(self._running) + len(self._unshared)

    async def cancel(self, key: RunKey) -> bool:
        """End the run of that name, in whichever process it is; return False when there is none.

        Raises:
            Rejection: RUN_UNREACHABLE when other processes have runs and cannot be asked.
        """
        scope = self._unshared.get(key)
        if scope is not None:
            _expire(scope)
            return True
        run = self._running.get(key)
        if run is not None and run.cancel():
            return True
        return self._log.shared and await self._log.cancel_elsewhere(key)

    async def cancel_here(self, fits: Callable[[RunKey], bool]) -> bool:
        """End the runs of this process whose names fit; return False when there is none.

        The end of shared ones is waited for: until then their names are taken.
        """
        unshared = [scope for key, scope in self._unshared.items() if fits(key)]
        for scope in unshared:
            _expire(scope)
        ending = [run.task for key, run in self._running.items() if fits(key) and run.cancel()]
        if ending:
            await asyncio.wait(ending, timeout=ENDING_SECONDS)
        return bool(unshared or ending)

    async def erase(self, erasure: Erasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Forget the answers of a tenant that are kept, and those in flight as soon as they end; see `Erasable`."""
        forgotten = await self._log.forget(erasure.tenant)
        left = None if isinf(deadline.at) else deadline.remaining(asyncio.get_running_loop().time())
        ended = await self.tenant_ended(erasure.tenant, left)
        return [ErasedPlace(ErasedPlaceKind.KEPT_ANSWERS, forgotten.count, ended and forgotten.complete)]

    async def tenant_ended(self, tenant: str, seconds: float | None) -> bool:
        """Wait for the runs of a tenant that are in flight in this process, and return whether all have ended."""
        running = [run.task for key, run in self._running.items() if key.tenant == tenant]
        if not running:
            return True
        _, late = await asyncio.wait(running, timeout=seconds)
        return not late

    def end(self) -> None:
        """End every run."""
        self._closing = True
        for scope in self._unshared.values():
            _expire(scope)
        for run in self._running.values():
            run.cancel()

    async def ended(self) -> None:
        """Wait until runs that were ended have said so to those who follow them."""
        if self._running:
            await asyncio.wait([run.task for run in self._running.values()], timeout=ENDING_SECONDS)

    async def run_unshared(self, key: RunKey, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Do the work of a run that nobody else can find but to cancel it, in the current task.

        Raises:
            Rejection: CANCELLED when `cancel` ended it; whatever the work raises.
        """
        # A scope that `cancel` expires: one that the caller has left as well ends like any other call.
        scope = self._unshared[key] = asyncio.timeout_at(None)
        try:
            async with scope:
                return await work
        except TimeoutError:
            if scope.expired():
                raise _cancelled(key) from None
            raise
        finally:
            # Calls within this process may have an id in common.
            if self._unshared.get(key) is scope:
                del self._unshared[key]

    async def run_shared(self, answerer: Answerer, inquiry: Inquiry, request: RunRequest, sink: Sink | None) -> Outcome:
        """Follow the run of the inquiry's name, and begin it where there is none.

        Args:
            answerer: does the work of a run that begins.
            inquiry: names the run.
            request: which events the caller wants, and how long the run outlives its followers.
            sink: takes the events, from the first or after a number; None wants the outcome alone.

        Raises:
            Rejection: REQUEST_ID_REUSED when the name stands for another request, RUN_NOT_FOUND when there is no run
                to resume, CANCELLED when `cancel` ended it, RUN_UNREACHABLE when the process that writes it is gone;
                whatever the work raises.
        """
        key, after = inquiry.run_key, request.after_sequence
        await self._not_ending(key)
        if after is not None and await self._log.follow(key, after) is None:
            raise Rejection(Reason.RUN_NOT_FOUND, metadata={"request_id": key.request_id})
        run = await self._join(answerer, inquiry, request, streamed=sink is not None)
        if run is None:
            return await self._replay(key, after or 0, inquiry.resume_window, sink)
        with run.followed(inquiry.resume_window):
            if sink is None:
                return await run.outcome()
            events = await self._log.follow(key, after or 0)
            return await _forward(events, sink) or await run.outcome()

    async def _not_ending(self, key: RunKey) -> None:
        """Wait for the end of a run that was cancelled: who comes after that begins another under the same name."""
        while (run := self._running.get(key)) is not None and run.ending:
            await asyncio.wait([run.task])

    async def _join(self, answerer: Answerer, inquiry: Inquiry, request: RunRequest, *, streamed: bool) -> "Run | None":
        """Return the run of that name, begun if need be; None when it has ended, or is another process's."""
        key = inquiry.run_key
        known = await self._log.open(key, RunOrigin(request.fingerprint, traceparent(get_current_span())))
        if known is None:
            return self._begin(key, self._logged(answerer, inquiry, streamed=streamed))
        if known.fingerprint != request.fingerprint:
            raise Rejection(Reason.REQUEST_ID_REUSED, metadata={"request_id": key.request_id})
        link_current_span(known.traceparent)
        return self._running.get(key)

    def _begin(self, key: RunKey, work: Coroutine[Any, Any, Outcome]) -> "Run":
        elsewhere = partial(self._log.followed_elsewhere, key) if self._log.shared else None
        run = self._running[key] = Run(key, asyncio.create_task(work), elsewhere)
        run.task.add_done_callback(partial(self._ended, run))
        return run

    def _ended(self, run: "Run", task: "asyncio.Task[Outcome]") -> None:
        # Another may have begun under the same id since this one closed its log.
        if self._running.get(run.key) is run:
            del self._running[run.key]
        if not task.cancelled():
            # Followers see it; where there is none any more, asyncio would log what was raised with its text.
            task.exception()

    async def _logged(self, answerer: Answerer, inquiry: Inquiry, *, streamed: bool) -> Outcome:
        """Answer into the log, which keeps what did not fail: another try may fare better."""
        key = inquiry.run_key
        keep = 0.0
        # What is not planned for is raised, with its origin, by the task alone.
        ended: Rejection | None = None
        try:
            outcome = await answerer.answer(inquiry, _LogSink(self._log, key) if streamed else None)
            if not streamed:
                for event in replay_events(outcome):
                    await self._log.append(key, event)
        except Rejection as rejection:
            ended = rejection
            raise
        except asyncio.CancelledError:
            ended = Rejection(Reason.SHUTTING_DOWN) if self._closing else _cancelled(key)
            raise
        else:
            keep = max(KEPT, inquiry.resume_window)
            return outcome
        finally:
            await self._log.close(key, keep, ended)

    async def _replay(self, key: RunKey, after: int, window: float, sink: Sink | None) -> Outcome:
        """Follow a run that this process does not write."""
        outcome = await _forward(await self._log.follow(key, after, window), sink)
        if outcome is None and after:
            # The caller has it already.
            outcome = await _forward(await self._log.follow(key, 0), None)
        if outcome is None:
            # It ended, and its log with it, after it was found.
            raise Rejection(Reason.RUN_UNREACHABLE, metadata={"request_id": key.request_id})
        return outcome


class SharedAnswerer:
    """An Answerer whose runs can be joined, resumed and cancelled by their request ids.

    Args:
        inner: does the work.
        registry: the process's runs.
    """

    def __init__(self, inner: Answerer, registry: RunRegistry) -> None:
        self._inner = inner
        self._registry = registry

    async def answer(self, inquiry: Inquiry, sink: Sink | None) -> Outcome:
        """Answer an inquiry, in a run that others can join where it has a request id of the caller's.

        Raises:
            Rejection: as `RunRegistry.run_shared` and the inner answerer say.
        """
        if inquiry.run is None:
            return await self._registry.run_unshared(inquiry.run_key, self._inner.answer(inquiry, sink))
        return await self._registry.run_shared(self._inner, inquiry, inquiry.run, sink)


class Run:
    """One answer that is being written.

    Args:
        key: its name.
        task: writes it.
        elsewhere: returns whether another process follows it; None where none can.

    Attributes:
        key: its name.
        task: writes it.
        ending: whether it was cancelled.
    """

    def __init__(
        self, key: RunKey, task: "asyncio.Task[Outcome]", elsewhere: Callable[[], Awaitable[bool]] | None = None
    ) -> None:
        self.key = key
        self.task = task
        self.ending = False
        self._followers = 0
        self._window = 0.0
        self._end: asyncio.TimerHandle | None = None
        self._elsewhere = elsewhere
        self._looking: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"Run({self.key.request_id!r}, followers={self._followers}, done={self.task.done()})"

    def cancel(self) -> bool:
        """End it; return False where it has ended already."""
        if self.task.done():
            return False
        self.ending = True
        # Behind its first step, which is due before: work that has not begun cannot clean up after itself.
        asyncio.get_running_loop().call_soon(self.task.cancel)
        return True

    async def outcome(self) -> Outcome:
        """Await the outcome; leaving does not end the run.

        Raises:
            Rejection: CANCELLED when the run was ended by name; whatever the work raises.
        """
        try:
            return await asyncio.shield(self.task)
        except asyncio.CancelledError:
            if not self.task.cancelled():
                raise
            raise _cancelled(self.key) from None

    @contextmanager
    def followed(self, window: float) -> Iterator[None]:
        """Keep it running while it has a follower, and for the window (seconds) after the last has left."""
        self._window = max(self._window, window)
        self._followers += 1
        if self._end is not None:
            self._end.cancel()
            self._end = None
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        try:
            yield
        finally:
            self._followers -= 1
            if not self._followers and not self.task.done():
                if self._window:
                    self._end = asyncio.get_running_loop().call_later(self._window, self._left)
                else:
                    self._left()

    def _left(self) -> None:
        """End it, unless another process follows it."""
        if self._elsewhere is None:
            self.cancel()
        else:
            self._looking = asyncio.create_task(self._end_unless_followed(self._elsewhere))

    async def _end_unless_followed(self, elsewhere: Callable[[], Awaitable[bool]]) -> None:
        while not self.task.done():
            if not await elsewhere():
                self.cancel()
                return
            await asyncio.sleep(FOLLOWED_SECONDS)


class _LogSink:
    """The sink of a run with a log."""

    def __init__(self, log: RunLog, key: RunKey) -> None:
        self._log = log
        self._key = key

    async def emit(self, event: NumberedEvent) -> None:
        await self._log.append(self._key, event)


def replay_events(outcome: Outcome) -> Iterator[NumberedEvent]:
    """Yield the events that a stream of an answer would have held that was written as a whole."""
    numbering = Numbering()
    return (numbering.next(event) for event in _events_of(outcome))


def _events_of(outcome: Outcome) -> Iterator[Event]:
    report = outcome.report
    yield Started(report.request_id, report.trace_id, report.route, StreamMode.CHECKED)
    if (answer := outcome.answer) is not None:
        yield TextDelta(answer.text, Assurance.VERIFIED if answer.verified else Assurance.CHECKED)
        yield from answer.citations
    yield outcome


async def _forward(events: AsyncGenerator[NumberedEvent, None] | None, sink: Sink | None) -> Outcome | None:
    """Hand events to the sink, if there is one, and return the outcome among them."""
    outcome: Outcome | None = None
    if events is not None:
        async with aclosing(events):
            async for numbered in events:
                if sink is not None:
                    await sink.emit(numbered)
                if isinstance(numbered.event, Outcome):
                    outcome = numbered.event
    return outcome


def _expire(scope: asyncio.Timeout) -> None:
    """Cancel what runs within a scope, once."""
    if not scope.expired():
        scope.reschedule(asyncio.get_running_loop().time())


def _cancelled(key: RunKey) -> Rejection:
    return Rejection(Reason.CANCELLED, metadata={"request_id": key.request_id})

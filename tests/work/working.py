"""A worker before scripted records, and an answerer that does as it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from random import Random

from groundwire_server.adapters.wakeups.memory import MemoryWakeups
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.experiments.experiment import Assignment
from groundwire_server.domain.inquiry import Inquiry, RunRequest
from groundwire_server.domain.outcome import Outcome, Report
from groundwire_server.domain.question import Question
from groundwire_server.ports.operations import OperationCodec
from groundwire_server.ports.sink import Sink
from groundwire_server.telemetry.trail import current_trail
from groundwire_server.work.backoff import Backoff
from groundwire_server.work.execution import Executor, QueuedAttempt, Serving
from groundwire_server.work.options import QueueOptions
from groundwire_server.work.worker import QueueWorker
from tests.doubles.operation_records import ScriptedRecords
from tests.doubles.policies import built_in_policy
from tests.doubles.spans import Spans
from tests.doubles.time import LoopTime
from tests.work.questions import ALICE, USAGE, answered

OPTIONS = QueueOptions(backoff_seconds=2.0, max_backoff_seconds=60.0, lease_seconds=30.0, poll_seconds=5.0)
WRITTEN = b"an outcome"

Work = Callable[[Inquiry], Awaitable[Outcome]]


async def at_once(inquiry: Inquiry) -> Outcome:
    """Answer."""
    del inquiry
    return answered()


async def never(inquiry: Inquiry) -> Outcome:
    """Be at it for ever, having consumed `USAGE`."""
    del inquiry
    trail = current_trail()
    assert trail is not None
    trail.report = lambda now: Report(usage=USAGE, total=now)
    return await asyncio.Event().wait()  # type: ignore[return-value]  # it never returns


@dataclass
class Working:
    """What stands around the worker of a test.

    Attributes:
        work: what answers, in turn; the last goes on doing so.
        rights: of alice now; None for none.
        route_freezes: whether the route freezes rights now.
        inquiries: what was answered.
        cut_off: how many answers were ended before their time.
        recorded: the attempts that were logged, each with its result.
    """

    records: ScriptedRecords
    work: list[Work] = field(default_factory=lambda: [at_once])
    rights: Caller | None = ALICE
    route_freezes: bool = True
    concurrent: int = 2
    inquiries: list[Inquiry] = field(default_factory=list)
    cut_off: int = 0
    recorded: list[tuple[QueuedAttempt, str]] = field(default_factory=list)
    frozen: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.spans, self.wakeups = Spans(), MemoryWakeups()
        backoff = Backoff(OPTIONS.backoff_seconds, OPTIONS.max_backoff_seconds, _NoJitter())
        self.worker = QueueWorker(
            "worker-1",
            self.concurrent,
            self.records,
            self.wakeups,
            OperationCodec(lambda question: b"", lambda data: _no_question(), lambda outcome: WRITTEN),
            OPTIONS,
            Executor(self.serving, backoff, LoopTime(), self.spans.recording),
            backoff,
            self,
            LoopTime(),
            self.spans.counts,
        )

    def serving(self) -> Serving:
        return Serving(self, self, self)

    async def renewed(self, caller: Caller, *, frozen: bool) -> Caller | None:
        """Return the rights that the test gives."""
        assert caller == ALICE
        self.frozen.append(frozen)
        return self.rights

    def inquiry(
        self,
        question: Question,
        caller: Caller,
        arrived: float,
        deadline: Deadline | None,
        run: RunRequest | None = None,
        assignments: tuple[Assignment, ...] = (),
    ) -> Inquiry:
        """Return an inquiry of the built-in route, with its maximum."""
        policy = replace(built_in_policy(), freeze_rights=self.route_freezes)
        longest = Deadline(arrived + policy.max_deadline)
        until = longest if deadline is None else min(deadline, longest)
        return Inquiry(question, caller, policy, arrived, until, run, assignments)

    async def answer(self, inquiry: Inquiry, sink: Sink | None) -> Outcome:
        """Do the next of what the test says."""
        assert sink is None
        self.inquiries.append(inquiry)
        work = self.work.pop(0) if len(self.work) > 1 else self.work[0]
        try:
            return await work(inquiry)
        except asyncio.CancelledError:
            self.cut_off += 1
            raise

    def record(self, attempt: QueuedAttempt, result: str) -> None:
        """Keep what became of an attempt."""
        self.recorded.append((replace(attempt), result))

    @property
    def results(self) -> list[str]:
        return [result for _, result in self.recorded]

    @asynccontextmanager
    async def working(self, seconds: float) -> AsyncIterator[None]:
        """Let the worker work for so long, in virtual time; then stop it and drain it without grace."""
        task = asyncio.create_task(self.worker.work_off())
        await asyncio.sleep(seconds)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            await self.worker.drain(0)


class _NoJitter(Random):
    def random(self) -> float:
        return 0.0


def _no_question() -> Question:
    raise AssertionError

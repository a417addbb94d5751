"""Calls of the whole path behind admission, in virtual time: models that are scarce, and callers that are many."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any, Final

from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions, FairLimiter
from groundwire_server.admission.admission import Admission, AdmittedAnswerer
from groundwire_server.admission.capacity import Capacity, CapacityOptions
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.fairness.loop_lag import LoopLag
from groundwire_server.domain.outcome import Answered, Outcome
from groundwire_server.domain.vocabulary import Priority
from groundwire_server.ports.generator import Generator
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.sink import Sink
from tests.adapters.resilience.protected import protected
from tests.doubles.generator import DONE, Move, Wait, draft
from tests.doubles.time import LoopTime
from tests.pipeline.running import FIRST, Path, path
from tests.pipeline.samples import ask

ANSWER: Final = draft((FIRST, ["p1"]))


def taking(seconds: float) -> Sequence[Move]:
    """The script of a model that answers in so many seconds, and begins after a tenth of them."""
    return [Wait(seconds * 0.1), ANSWER[0], Wait(seconds * 0.9), *ANSWER[1:], DONE]


@dataclass(frozen=True)
class Ended:
    """How a call ended.

    Attributes:
        tenant: whose it was.
        seconds: how long it took.
        left: seconds that were left until its deadline.
        outcome: that it had; None where it was refused.
        refused: why it was refused, and when it may come again; None where it had an outcome.
    """

    tenant: str
    seconds: float
    left: float
    outcome: Outcome | None = None
    refused: Rejection | None = None

    @property
    def answered(self) -> bool:
        """Whether it was answered in full."""
        return self.outcome is not None and isinstance(self.outcome.result, Answered)


def capacity(
    options: CapacityOptions,
    weight: Callable[[str], float] = lambda tenant: 1.0,
    recorder: Metrics | None = None,
    lag: LoopLag | None = None,
) -> Capacity:
    """What a process of these options has."""
    every, background = (
        FairLimiter(
            ConcurrencyOptions(max_concurrent=limit, queue_size=options.queue_size),
            weight,
            name,
            recorder,
        )
        for name, limit in (("calls", options.max_concurrent), ("background calls", options.max_background))
    )
    return Capacity(options, every, background, lag or LoopLag(), LoopTime())


class Load:
    """A path behind admission whose models have so many slots.

    Args:
        path: of the calls.
        capacity: of the process.
    """

    def __init__(self, path: Path, capacity: Capacity) -> None:
        self._path = path
        self._admitted = AdmittedAnswerer(path.answerer, Admission((capacity,)))
        self._numbers = count()

    @classmethod
    async def on(
        cls,
        *scripts: Sequence[Move],
        slots: int = 4,
        options: CapacityOptions | None = None,
        weights: dict[str, float] | None = None,
        **changes: Any,
    ) -> "Load":
        """A load on models of so many slots each."""

        def weight(tenant: str) -> float:
            return (weights or {}).get(tenant, 1.0)

        def around(model: Generator) -> Generator:
            limiter = FairLimiter(ConcurrencyOptions(max_concurrent=slots, queue_size=2000), weight)
            return protected(model, limiters=[limiter])

        made = await path(*scripts, around=around, **changes)
        return cls(made, capacity(options or CapacityOptions(), weight))

    async def call(
        self,
        tenant: str = "acme",
        subject: str = "alice",
        *,
        deadline: float = 3.0,
        priority: Priority = Priority.INTERACTIVE,
        sink: Sink | None = None,
    ) -> Ended:
        """Ask, and return how it ended."""
        now = asyncio.get_running_loop().time()
        caller = Caller(tenant, subject, frozenset({"staff"}))
        question = ask(priority=priority)
        inquiry = self._path.routes.inquiry(question, caller, now, Deadline(now + deadline))
        outcome, refused = None, None
        try:
            outcome = await self._admitted.answer(inquiry, sink)
        except Rejection as rejection:
            refused = rejection
        taken = asyncio.get_running_loop().time() - now
        return Ended(tenant, taken, deadline - taken, outcome, refused)

    async def arriving(self, a_second: float, seconds: float, *, seed: int, deadline: float = 3.0) -> list[Ended]:
        """Callers that come at random, so many a second, whatever became of those before."""
        random, calls = Random(seed), []
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            calls.append(asyncio.create_task(self.call(subject=f"s{next(self._numbers)}", deadline=deadline)))
            await asyncio.sleep(random.expovariate(a_second))
        return list(await asyncio.gather(*calls))

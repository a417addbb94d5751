"""A bounded load: callers that each send the next call when the last has ended.

That is a closed loop. It finds what a server gives to so many callers; a server that slows down is asked less often, so
a slow moment counts once for each caller, and not once for each call that would have come in meanwhile.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from threading import Event

import groundwire
from groundwire_server.cli.bench.latencies import Samples

FAILURES_IN_A_ROW = 20
"""So many failed calls without one that works end the load: it measures a server, it does not wear one down."""


class CallKind(StrEnum):
    """Which call to make."""

    STREAM = "stream"
    ANSWER = "answer"
    RETRIEVE = "retrieve"


class StopReason(StrEnum):
    """Why a load was over."""

    CALLS = "every call was made"
    TIME = "its time was up"
    FAILURES = f"{FAILURES_IN_A_ROW} calls in a row failed"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a load consists of.

    Attributes:
        kind: which call.
        questions: asked in turn, over and over.
        calls: the most calls.
        callers: how many are under way at once.
        seconds: no call begins later than this.
    """

    kind: CallKind
    questions: Sequence[str]
    calls: int
    callers: int
    seconds: float


@dataclass(slots=True)
class Load:
    """A load on a server, run once.

    Attributes:
        samples: what the calls did.
        took: seconds from the first call's beginning to the last one's end.
        ended: why it was over.
    """

    client: groundwire.SyncClient
    plan: Plan
    clock: Callable[[], float] = time.perf_counter
    samples: Samples = field(default_factory=Samples)
    took: float = 0.0
    ended: StopReason = StopReason.CALLS
    _stopped: Event = field(default_factory=Event)
    _failed_in_a_row: int = 0

    def run(self) -> None:
        """Make the calls and wait for all of them; an interruption closes the client, which cancels those under way.

        Raises:
            groundwire.Error: when the first call, which opens the connection and counts for nothing, fails.
        """
        self._call(self.plan.questions[0])
        numbers = count()
        began = self.clock()
        with ThreadPoolExecutor(self.plan.callers, "bench") as threads:
            callers = [threads.submit(self._calls, numbers, began) for _ in range(self.plan.callers)]
            try:
                for caller in callers:
                    caller.result()
            except KeyboardInterrupt:
                self._stopped.set()
                self.client.close()
                raise
            finally:
                self._stopped.set()
        self.took = self.clock() - began

    def _calls(self, numbers: "count[int]", began: float) -> None:
        while not self._stopped.is_set() and (number := next(numbers)) < self.plan.calls:
            if self.clock() - began >= self.plan.seconds:
                self.ended = StopReason.TIME
                return
            try:
                self._sample(self.plan.questions[number % len(self.plan.questions)])
            except groundwire.Error as failed:
                self._failed(failed)
            else:
                self._failed_in_a_row = 0

    def _failed(self, failed: groundwire.Error) -> None:
        self.samples.errors[failed.reason or failed.code.name] += 1
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= FAILURES_IN_A_ROW and not self._stopped.is_set():
            self.ended = StopReason.FAILURES
            self._stopped.set()

    def _sample(self, question: str) -> None:
        began = self.clock()
        outcome, first_text = self._call(question)
        ended = self.clock()
        if first_text is not None:
            self.samples.first_texts.append((first_text - began) * 1000)
        self.samples.latencies.append((ended - began) * 1000)
        self.samples.outcomes[outcome] += 1

    def _call(self, question: str) -> tuple[str, float | None]:
        """Make one call; return its outcome's word and when the first text was there."""
        match self.plan.kind:
            case CallKind.ANSWER:
                return _word(self.client.answer(question)), None
            case CallKind.RETRIEVE:
                return ("found" if self.client.retrieve(question).passages else "found nothing"), None
            case CallKind.STREAM:
                first_text: float | None = None
                with self.client.stream(question) as stream:
                    for event in stream:
                        if first_text is None and event.HasField("text_delta"):
                            first_text = self.clock()
                return _word(stream.outcome), first_text


def _word(outcome: groundwire.Outcome | None) -> str:
    return (outcome and outcome.kind) or "no outcome"

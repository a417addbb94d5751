"""What a load found, as JSON and as lines."""

from collections.abc import Iterator
from dataclasses import dataclass

from groundwire_server.cli.bench.latencies import Samples, percentiles
from groundwire_server.cli.bench.load import CallKind, Plan, StopReason
from groundwire_server.cli.bench.machine import Machine
from groundwire_server.cli.words import RESULTS


@dataclass(frozen=True, slots=True)
class Result:
    """What a load found.

    Attributes:
        plan: what it was to consist of.
        samples: what the calls did.
        seconds: how long it took.
        ended: why it was over.
        machine: the one that called, not the server's.
    """

    plan: Plan
    samples: Samples
    seconds: float
    ended: StopReason
    machine: Machine

    @property
    def rate(self) -> float:
        """Calls that came back, a second."""
        return len(self.samples.latencies) / self.seconds if self.seconds else 0.0

    @property
    def whole(self) -> bool:
        """Whether every call came back with an outcome."""
        return not self.samples.errors

    def facts(self) -> dict[str, object]:
        """All of it for JSON; times in milliseconds unless their name says otherwise."""
        return {
            "kind": self.plan.kind.value,
            "callers": self.plan.callers,
            "loop": "closed",
            "questions": len(self.plan.questions),
            "calls": self.samples.calls,
            "seconds": round(self.seconds, 3),
            "calls_per_second": round(self.rate, 3),
            "ended": self.ended.name,
            "latency_ms": _rounded(percentiles(self.samples.latencies)),
            "first_text_ms": _rounded(percentiles(self.samples.first_texts)),
            "outcomes": dict(self.samples.outcomes),
            "errors": dict(self.samples.errors),
            "machine": self.machine.facts(),
        }


def lines(result: Result) -> Iterator[str]:
    """The result for a terminal, one fact a line."""
    plan, samples = result.plan, result.samples
    callers = f"{plan.callers} caller{'' if plan.callers == 1 else 's'}"
    yield f"{samples.calls} calls ({plan.kind}) by {callers} in {result.seconds:.1f} s: {result.ended}"
    yield f"throughput  {result.rate:,.1f} calls/s"
    yield f"latency     {_shown(percentiles(samples.latencies))}"
    if plan.kind is CallKind.STREAM:
        yield f"first text  {_shown(percentiles(samples.first_texts))}"
    for number, (word, calls) in enumerate(samples.outcomes.most_common()):
        meaning = f": {RESULTS[word]}" if word in RESULTS else ""
        yield f"{'' if number else 'outcomes':<10}{calls:>6}  {word}{meaning}"
    for number, (reason, calls) in enumerate(samples.errors.most_common()):
        yield f"{'' if number else 'errors':<10}{calls:>6}  {reason}"


def _shown(named: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:,.2f} ms" for name, value in named.items()) or "none"


def _rounded(named: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in named.items()}

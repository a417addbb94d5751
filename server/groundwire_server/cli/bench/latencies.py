"""Samples of calls, and what they come to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from groundwire_server.cli.bench.figures import percentile

SHARES = (0.5, 0.95, 0.99)
"""The percentiles that are reported."""


@dataclass(slots=True)
class Samples:
    """What calls did; several threads may add to it.

    Attributes:
        latencies: milliseconds of each call that came back.
        first_texts: milliseconds until the first text of each stream that brought any.
        outcomes: how many calls ended in which outcome.
        errors: how many failed, by reason.
    """

    latencies: list[float] = field(default_factory=list)
    first_texts: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def calls(self) -> int:
        """How many calls ended, one way or another."""
        return len(self.latencies) + self.errors.total()


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """The percentiles by name, as p50; none without values."""
    return {f"p{share * 100:.0f}": percentile(values, share) for share in SHARES} if values else {}

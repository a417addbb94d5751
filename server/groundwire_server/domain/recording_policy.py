"""Which calls of a route are recorded, and how a recording is kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordingPolicy:
    """What a route records. It decides nothing of an answer, so that it is no part of the route's `Policy`.

    Attributes:
        tenants: whose calls are recorded; others are never, and no word stands for all.
        share: of their calls, 0 to 1.
        keep: seconds that a recording is kept.
    """

    tenants: frozenset[str]
    share: float
    keep: float

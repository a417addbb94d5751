"""Samples that are on their way to the database while records are erased."""

import asyncio
from collections.abc import Sequence
from math import isinf

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import ErasedPlace, ErasedPlaceKind, Erasure, RecordErasure
from groundwire_server.ports.clock import Clock
from groundwire_server.review.sampling import OutcomeSamples


class PendingSampleErasure:
    """The ErasableRecords of samples in memory: it waits until they are in the database, where they are erased.

    It goes after answers in flight, which may still be drawn, and before the database.

    Args:
        samples: of this process.
        clock: says how much time is left.
    """

    def __init__(self, samples: OutcomeSamples, clock: Clock) -> None:
        self._samples = samples
        self._clock = clock

    async def erase(self, erasure: Erasure | RecordErasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Wait for the samples that are on their way, whatever they hold; see the port."""
        left = deadline.remaining(self._clock.now())
        try:
            async with asyncio.timeout(None if isinf(left) else left):
                await self._samples.settle()
        except TimeoutError:
            note = "Samples were still being written: erase it again."
            return [ErasedPlace(ErasedPlaceKind.CASES, 0, complete=False, note=note)]
        return []

"""Rating texts in batches, side by side."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from groundwire_server.adapters.resilience.side_by_side import all_results

Rate: TypeAlias = Callable[[Sequence[int]], Awaitable[Sequence[float]]]
"""Rates the texts with these indexes."""


async def rate_in_batches(order: Sequence[int], size: int, rate: Rate) -> list[float]:
    """Return the rating of each text.

    Args:
        order: the indexes of the texts, in the order in which they are put together.
        size: texts in a batch, at most.
        rate: of one batch; the first failure ends the others.
    """
    ratings = [0.0] * len(order)

    async def rate_one(batch: Sequence[int]) -> None:
        for index, rating in zip(batch, await rate(batch), strict=True):
            ratings[index] = rating

    await all_results(rate_one(order[start : start + size]) for start in range(0, len(order), size))
    return ratings

"""Rating texts in batches, side by side."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import TypeAlias

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

    await _all(rate_one(order[start : start + size]) for start in range(0, len(order), size))
    return ratings


async def _all(works: Iterable[Coroutine[object, object, None]]) -> None:
    # No TaskGroup: it drops the cancellation that comes in the moment in which one of its tasks fails.
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled():
            task.result()

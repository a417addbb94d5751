"""Work side by side brings all results in order, or the first failure, and leaves nothing running."""

import asyncio

import pytest

from groundwire_server.adapters.resilience.side_by_side import all_results
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause


async def brings(number: int, after: float = 0.0) -> int:
    await asyncio.sleep(after)
    return number


async def fails(after: float = 0.0) -> int:
    await asyncio.sleep(after)
    raise Failure(Cause.MODEL_UNAVAILABLE)


async def test_results_come_in_order_whichever_is_there_first() -> None:
    assert await all_results(brings(each, 0.03 - each / 100) for each in range(3)) == [0, 1, 2]
    assert await all_results(brings(each) for each in range(0)) == []


@pytest.mark.parametrize("place", [0, 1])
async def test_the_first_failure_ends_the_others(place: int) -> None:
    ended: list[bool] = []

    async def hangs() -> int:
        try:
            return await brings(1, 3600)
        finally:
            ended.append(True)

    works = [hangs(), hangs()]
    works.insert(place, fails(0.01))
    with pytest.raises(Failure):
        await all_results(works)
    assert ended == [True, True]


async def test_leaving_ends_them_all() -> None:
    ended: list[bool] = []

    async def hangs() -> int:
        try:
            return await brings(1, 3600)
        finally:
            ended.append(True)

    task = asyncio.create_task(all_results([hangs(), hangs()]))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True, True]

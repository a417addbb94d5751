"""Work that is done side by side, and is wanted whole."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import TypeVar

T = TypeVar("T")


async def all_results(works: Iterable[Coroutine[object, object, T]]) -> list[T]:
    """Return what each brings, in order; the first failure ends the others."""
    # No TaskGroup: it drops the cancellation that comes in the moment in which one of its tasks fails.
    tasks = [asyncio.create_task(work) for work in works]
    if not tasks:
        return []
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    # A task that was cancelled has a failed one beside it.
    failed = next((task for task in tasks if not task.cancelled() and task.exception() is not None), None)
    return [failed.result()] if failed is not None else [task.result() for task in tasks]

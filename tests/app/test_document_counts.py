"""The gauge of documents: counted again and again, never older than it seems."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import wraps

from groundwire_server.app.document_counts import DocumentCounts
from groundwire_server.app.parts.store import Store
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.telemetry.metrics import STORE_DOCUMENTS
from tests.doubles.counts import Counts
from tests.doubles.store import MemoryStore
from tests.doubles.time import VirtualTimeLoop


def in_virtual_time(test: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
    @wraps(test)
    def run() -> None:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(test())

    return run


class Place:
    """Where a store keeps documents; it can fail, and take its time."""

    def __init__(self, name: str, documents: int) -> None:
        self.name = name
        self.documents = documents
        self.failing = False
        self.seconds = 0.0
        self.counted = 0

    async def count(self) -> int:
        self.counted += 1
        await asyncio.sleep(self.seconds)
        if self.failing:
            raise Failure(Cause.STORE_UNAVAILABLE)
        return self.documents

    def store(self) -> Store:
        memory = MemoryStore()
        return Store(memory, memory, place=self.name, document_count=self.count)


@contextmanager
def counting(stores: list[Store]) -> Iterator[Callable[[], dict[str, float]]]:
    """Count until the end; yields what reads the gauge."""
    recorder = Counts()
    counts = DocumentCounts(recorder)
    task = asyncio.create_task(counts.keep(lambda: stores))
    try:
        yield lambda: {name: value for (name,), value in recorder.reading(STORE_DOCUMENTS).items()}
        assert not task.done()
    finally:
        task.cancel()


@in_virtual_time
async def test_a_store_is_counted_at_once_and_then_once_a_minute() -> None:
    main = Place("main", 3)
    with counting([main.store()]) as seen:
        assert seen() == {}
        await asyncio.sleep(1)
        assert seen() == {"main": 3}
        main.documents = 4
        await asyncio.sleep(58)
        assert (seen(), main.counted) == ({"main": 3}, 1)
        await asyncio.sleep(2)
        assert (seen(), main.counted) == ({"main": 4}, 2)


@in_virtual_time
async def test_one_that_fails_has_no_number_until_it_can_be_counted_again() -> None:
    main, other = Place("main", 3), Place("other", 5)
    with counting([main.store(), other.store()]) as seen:
        await asyncio.sleep(1)
        main.failing = True
        await asyncio.sleep(60)
        assert seen() == {"other": 5}
        main.failing = False
        await asyncio.sleep(60)
        assert seen() == {"main": 3, "other": 5}


@in_virtual_time
async def test_one_that_takes_long_keeps_its_number_and_lets_others_have_theirs() -> None:
    slow, quick = Place("slow", 3), Place("quick", 5)
    with counting([slow.store(), quick.store()]) as seen:
        await asyncio.sleep(1)
        slow.seconds, slow.documents, quick.documents = 1000.0, 4, 6
        await asyncio.sleep(61)
        assert seen() == {"slow": 3, "quick": 6}
        await asyncio.sleep(1000)
        assert seen() == {"slow": 4, "quick": 6}


@in_virtual_time
async def test_two_stores_of_one_place_are_counted_once() -> None:
    main = Place("main", 3)
    with counting([main.store(), main.store()]) as seen:
        await asyncio.sleep(1)
        assert (seen(), main.counted) == ({"main": 3}, 1)


@in_virtual_time
async def test_a_store_that_a_reload_takes_away_is_forgotten() -> None:
    stores = [Place("main", 3).store(), Place("gone", 5).store()]
    with counting(stores) as seen:
        await asyncio.sleep(1)
        assert seen() == {"main": 3, "gone": 5}
        stores.pop()
        await asyncio.sleep(60)
        assert seen() == {"main": 3}


@in_virtual_time
async def test_one_that_cannot_count_is_left_out() -> None:
    memory = MemoryStore()
    with counting([Store(memory, memory)]) as seen:
        await asyncio.sleep(1)
        assert seen() == {}

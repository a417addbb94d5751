"""One timer that fires neither late nor in vain."""

import asyncio

import pytest

from groundwire_server.adapters.http.watchdog import ResponseWatchdog
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.vocabulary import Cause


class Watched:
    """A watch over nothing, and when it ended that."""

    def __init__(self, deadline: Deadline = NEVER, silence: float = 3.0) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self.ended: list[float] = []
        self.looks = 0
        self.watch = ResponseWatchdog(self._loop, deadline, silence, self._end)
        look = self.watch._look

        def counted() -> None:
            self.looks += 1
            assert self.looks < 100
            look()

        self.watch._look = counted  # type: ignore[method-assign]

    def _end(self) -> None:
        self.ended.append(self._loop.time() - self._began)


async def test_before_there_is_text_no_read_is_silent_for_too_long() -> None:
    watched = Watched(Deadline(asyncio.get_running_loop().time() + 60.0))
    watched.watch.reading()
    await asyncio.sleep(59.0)
    assert not watched.ended
    await asyncio.sleep(10.0)
    assert (watched.ended, watched.watch.late) == ([60.0], Cause.MODEL_TIMEOUT)


async def test_a_read_that_brings_nothing_ends_after_the_silence() -> None:
    watched = Watched()
    watched.watch.begun = True
    await asyncio.sleep(1.5)
    watched.watch.reading()
    await asyncio.sleep(10.0)
    assert (watched.ended, watched.watch.late) == ([4.5], Cause.MODEL_INTERRUPTED)


async def test_reads_that_bring_something_go_on_and_it_hardly_looks() -> None:
    watched = Watched()
    watched.watch.begun = True
    for _ in range(600):
        watched.watch.reading()
        await asyncio.sleep(0.1)
        watched.watch.read()
    watched.watch.stop()
    assert not watched.ended
    assert watched.looks <= 22


async def test_nobody_reading_is_no_silence() -> None:
    watched = Watched(Deadline(asyncio.get_running_loop().time() + 60.0))
    watched.watch.begun = True
    await asyncio.sleep(59.0)
    assert not watched.ended
    await asyncio.sleep(10.0)
    assert (watched.ended, watched.watch.late) == ([60.0], Cause.MODEL_TIMEOUT)


async def test_stopped_it_does_nothing_any_more() -> None:
    watched = Watched()
    watched.watch.stop()
    await asyncio.sleep(100.0)
    assert not watched.ended


async def test_concluded_it_ends_then_whatever_is_read() -> None:
    watched = Watched()
    watched.watch.begun = True
    watched.watch.conclude_by(asyncio.get_running_loop().time() + 0.5)
    for _ in range(20):
        watched.watch.reading()
        await asyncio.sleep(0.1)
        watched.watch.read()
    assert watched.ended == [pytest.approx(0.5)]


async def test_concluded_again_it_ends_later() -> None:
    watched = Watched()
    watched.watch.begun = True
    for _ in range(3):
        watched.watch.conclude_by(asyncio.get_running_loop().time() + 0.5)
        await asyncio.sleep(0.4)
    await asyncio.sleep(10.0)
    assert watched.ended == [pytest.approx(1.3)]

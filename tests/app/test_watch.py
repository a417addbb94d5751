"""When a changed file is noticed: once it has settled. Time is virtual."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.app.watch import WATCH_SECONDS, watch
from groundwire_server.files.small import Marks, mark, marks_of
from tests.doubles.time import VirtualTimeLoop

Story = Callable[[list[float]], Awaitable[None]]


class AtOnce(ThreadPoolExecutor):
    """Runs what a thread would, without one: virtual time waits for no thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "groundwire.yaml"
    path.write_text("server: {}\n")
    return path


def write(file: Path, text: str) -> None:
    file.write_text(text)


def remove(file: Path) -> None:
    file.unlink()


def put_in_place(file: Path, text: str) -> None:
    """As editors and mounted volumes do it."""
    beside = file.with_name("new")
    beside.write_text(text)
    beside.replace(file)


def noticed(file: Path, story: Story) -> list[float]:
    """When changes were noticed while a story was told, in seconds after its beginning."""

    async def told() -> list[float]:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(AtOnce())
        began, times = loop.time(), list[float]()
        read = marks_of([file])

        async def changed() -> None:
            times.append(loop.time() - began)

        watching = asyncio.create_task(watch(lambda: read, changed))
        await story(times)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        return times

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(told())


def test_a_file_that_stays_as_it_is_is_left_alone(file: Path) -> None:
    async def story(times: list[float]) -> None:
        await asyncio.sleep(100 * WATCH_SECONDS)

    assert noticed(file, story) == []


def test_a_change_is_noticed_once_it_has_settled(file: Path) -> None:
    async def story(times: list[float]) -> None:
        await asyncio.sleep(0.5 * WATCH_SECONDS)
        write(file, "server: {drain")  # half written
        await asyncio.sleep(WATCH_SECONDS)
        write(file, "server: {drain: {grace_seconds: 1}}\n")
        await asyncio.sleep(50 * WATCH_SECONDS)

    assert noticed(file, story) == [pytest.approx(3 * WATCH_SECONDS)]


def test_a_file_put_in_its_place_is_a_change(file: Path) -> None:
    async def story(times: list[float]) -> None:
        put_in_place(file, "server: {}\n")
        await asyncio.sleep(50 * WATCH_SECONDS)

    assert noticed(file, story) == [pytest.approx(2 * WATCH_SECONDS)]


def test_a_change_before_the_watch_began_is_noticed(file: Path) -> None:
    known = mark(file)
    put_in_place(file, "server: {}\n# other\n")

    async def changed() -> None:
        raise StopAsyncIteration

    async def told() -> None:
        asyncio.get_running_loop().set_default_executor(AtOnce())
        async with asyncio.timeout(50 * WATCH_SECONDS):
            await watch(lambda: {file: known}, changed)

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner, pytest.raises((StopAsyncIteration, RuntimeError)):
        runner.run(told())


def test_a_file_that_is_gone_is_no_change_until_it_is_back(file: Path) -> None:
    async def story(times: list[float]) -> None:
        remove(file)
        await asyncio.sleep(50 * WATCH_SECONDS)
        assert times == []
        write(file, "server: {drain: {}}\n")
        await asyncio.sleep(50 * WATCH_SECONDS)

    assert noticed(file, story) == [pytest.approx(51 * WATCH_SECONDS)]


def test_files_that_the_configuration_names_are_noticed_too(file: Path) -> None:
    terms, other = file.with_name("terms.txt"), file.with_name("other.txt")
    write(terms, "Initech")
    read: Marks = marks_of([file, terms])

    async def changed() -> None:
        nonlocal read
        times.append(asyncio.get_running_loop().time())
        # The configuration names another file from now on, which is there since before it was read.
        read = marks_of([file, other])

    async def told() -> None:
        asyncio.get_running_loop().set_default_executor(AtOnce())
        watching = asyncio.create_task(watch(lambda: read, changed))
        write(other, "Globex")
        await asyncio.sleep(5 * WATCH_SECONDS)
        assert times == []
        write(terms, "Initech\nGlobex")
        await asyncio.sleep(5 * WATCH_SECONDS)
        assert len(times) == 1
        remove(terms)
        write(other, "Globex\nInitech")
        await asyncio.sleep(5 * WATCH_SECONDS)
        assert len(times) == 2
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    times: list[float] = []
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(told())

"""What several configurations share is opened with the first and closed with the last."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from groundwire_server.app.parts.shared import Shared


class Parts:
    """Opens a part as often as it is asked, and tells what became of each."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        self.told.append("opened")
        yield "it"
        self.told.append("closed")


async def test_the_first_opens_and_the_last_closes() -> None:
    shared, parts = Shared(), Parts()
    first, second = shared.lease(), shared.lease()
    assert await first.take("key", parts.open) is await second.take("key", parts.open)
    await first.end()
    assert parts.told == ["opened"]
    await second.end()
    assert parts.told == ["opened", "closed"]
    assert shared.keys() == []
    await shared.lease().take("key", parts.open)
    assert parts.told == ["opened", "closed", "opened"]


async def test_one_that_takes_a_part_twice_gives_it_back_twice() -> None:
    shared, parts = Shared(), Parts()
    lease = shared.lease()
    await lease.take("key", parts.open)
    await lease.take("key", parts.open)
    await lease.end()
    await lease.end()
    assert parts.told == ["opened", "closed"]


async def test_parts_of_other_settings_are_others() -> None:
    shared, parts = Shared(), Parts()
    lease = shared.lease()
    await lease.take("key", parts.open)
    await lease.take("other", parts.open)
    assert lease.open_keys() == ["key", "other"]
    await lease.end()
    assert parts.told == ["opened"] * 2 + ["closed"] * 2


async def test_what_cannot_be_opened_is_not_kept() -> None:
    class Failing(AbstractAsyncContextManager[str]):
        async def __aenter__(self) -> str:
            raise OSError("no")

        async def __aexit__(self, *raised: object) -> None:
            raise AssertionError("never entered")

    shared, parts = Shared(), Parts()
    lease = shared.lease()
    with pytest.raises(OSError, match="no"):
        await lease.take("key", Failing)
    assert await lease.take("key", parts.open) == "it"
    await lease.end()
    assert parts.told == ["opened", "closed"]

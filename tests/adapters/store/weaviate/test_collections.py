"""Many calls of one change, side by side."""

import asyncio
from typing import cast

import pytest

from groundwire_server.adapters.store.weaviate.collections import Objects
from groundwire_server.adapters.store.weaviate.connection import WeaviateConnection
from groundwire_server.adapters.store.weaviate.failures import StoreFailure, WeaviateFault
from groundwire_server.adapters.store.weaviate.options import WeaviateOptions
from groundwire_server.domain.deadline import NEVER


class FailsOnce:
    """A connection whose second call fails after some turns of the loop, while the first waits."""

    def __init__(self) -> None:
        self._calls = 0

    async def call(self, *_: object) -> None:
        self._calls += 1
        if self._calls == 1:
            await asyncio.Event().wait()
        for _turn in range(5):
            await asyncio.sleep(0)
        raise StoreFailure(WeaviateFault.UNAVAILABLE)


class Closing:
    """A connection whose calls are cancelled, as gRPC does to those of a channel that is closed."""

    async def call(self, *_: object) -> None:
        raise asyncio.CancelledError


def objects(connection: FailsOnce | Closing) -> Objects:
    return Objects(cast("WeaviateConnection", connection), "Groundwire", WeaviateOptions(http="a:1", grpc="a:2"))


@pytest.mark.parametrize("turns", range(16))
async def test_a_caller_that_leaves_in_the_moment_in_which_a_call_fails_has_left(turns: int) -> None:
    task = asyncio.create_task(objects(FailsOnce()).patch("acme", ["first", "second"], {}, NEVER))
    for _ in range(turns):
        await asyncio.sleep(0)
    left = task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() is left


async def test_the_first_call_that_fails_ends_the_others() -> None:
    with pytest.raises(StoreFailure):
        await objects(FailsOnce()).patch("acme", ["first", "second"], {}, NEVER)


async def test_a_call_that_a_closing_connection_cancels_has_not_succeeded() -> None:
    with pytest.raises(asyncio.CancelledError):
        await objects(Closing()).patch("acme", ["first", "second"], {}, NEVER)


async def test_nothing_to_change_is_nothing_to_wait_for() -> None:
    await objects(FailsOnce()).patch("acme", [], {}, NEVER)

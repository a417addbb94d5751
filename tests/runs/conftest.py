"""What needs nothing but this process runs in virtual time."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from tests.doubles.time import VirtualTimeLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    # Two processes have a Redis between them, which takes the time of the world.
    return {"real": asyncio.new_event_loop} if item.path.stem == "test_attacks" else {"virtual": VirtualTimeLoop}

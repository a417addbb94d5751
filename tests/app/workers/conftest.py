"""The supervisor's time is virtual; processes take the world's."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from tests.doubles.time import VirtualTimeLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": VirtualTimeLoop} if item.path.stem == "test_supervisor" else {"real": asyncio.new_event_loop}
